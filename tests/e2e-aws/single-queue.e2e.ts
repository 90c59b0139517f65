/** `SQS_QUEUE_URL`: one queue for all languages, as some deployments have it. */
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsDeployment } from '../support/aws-deployment.ts';
import type { Client } from '../support/client.ts';
import type { ServiceProcess } from '../support/service-process.ts';

let deployment: AwsDeployment;
let queue: { readonly SQS_QUEUE_URL: string };
let gateway: ServiceProcess;
let client: Client;

beforeAll(async () => {
  deployment = await AwsDeployment.create();
  const name = { QueueName: `runyard-${deployment.env}-all` };
  const { QueueUrl = '' } = await deployment.sqs.send(new CreateQueueCommand(name));
  queue = { SQS_QUEUE_URL: QueueUrl };
  ({ service: gateway, client } = await deployment.startGateway(queue));
});

afterAll(async () => {
  await (deployment as AwsDeployment | undefined)?.[Symbol.asyncDispose]();
});

test('jobs of several languages run, and the log says why a queue per language is better', async () => {
  const executor = await deployment.start('executor', { ...queue, EXECUTOR_LANGUAGES: 'bash,perl,lua' });
  const jobs = await Promise.all([
    client.run({ language: 'bash', code: 'echo 1' }),
    client.run({ language: 'perl', code: 'print "2\\n";' }),
    client.run({ language: 'lua', code: 'print(3)' }),
  ]);
  expect(jobs.map(({ stdoutPreview }) => stdoutPreview)).toEqual(['1\n', '2\n', '3\n']);
  for (const { said } of [gateway, executor]) expect(said).toContain('One queue per language is better');
  await executor.end('SIGTERM');
});

test('an executor of some languages leaves the others to others, and warns', async () => {
  const ofBash = await deployment.start('executor', { ...queue, EXECUTOR_LANGUAGES: 'bash', RUNYARD_SLOTS: '1' });
  expect(ofBash.said).toContain('This executor serves some languages of a queue for all');
  const ofPerl = await client.submit({ language: 'perl', code: 'print "mine\\n";' });
  expect(await client.run({ language: 'bash', code: 'echo mine' })).toMatchObject({ stdoutPreview: 'mine\n' });
  expect(await client.status(ofPerl.executionId)).toMatchObject({ status: 'queued', attempt: 0 });
  await deployment.start('executor', { ...queue, EXECUTOR_LANGUAGES: 'perl', RUNYARD_SLOTS: '1' });
  expect(await client.untilFinal(ofPerl)).toMatchObject({ status: 'completed', stdoutPreview: 'mine\n', attempt: 1 });
});

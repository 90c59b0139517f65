/** Starting and stopping the services as an operator or an orchestrator does. */
import { DeleteQueueCommand, GetQueueUrlCommand, PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsDeployment } from '../support/aws-deployment.ts';
import type { Client, WireJob } from '../support/client.ts';
import { ServiceProcess } from '../support/service-process.ts';

const EX_CONFIG = 78;
const BASH = { EXECUTOR_LANGUAGES: 'bash', RUNYARD_SLOTS: '1' };
const SLOW = { language: 'bash', code: 'sleep 1; echo done' };
const ENDLESS = { language: 'bash', code: 'sleep 30; echo done' };

let deployment: AwsDeployment;
let client: Client;

beforeAll(async () => {
  deployment = await AwsDeployment.create();
  ({ client } = await deployment.startGateway());
});

afterAll(async () => {
  await (deployment as AwsDeployment | undefined)?.[Symbol.asyncDispose]();
});

async function submitAndSeeRunning(submission: typeof SLOW): Promise<WireJob> {
  let job = await client.submit(submission);
  while (job.status === 'queued') job = await client.status(job.executionId, { waitSec: 1 });
  expect(job.status).toBe('running');
  return job;
}

describe('a start is refused in plain words', () => {
  test.each([
    ['api-gateway', { PORT: 'x', RUNYARD_SECRET: 'short', DYNAMODB_TABLE: '?', RUNYARD_BACKEND: 'embedded' }],
    ['executor', { ADMIN_PORT: 'x', RUNYARD_SLOTS: '0', CODE_EXEC_BUCKET: '?', RUNYARD_LAUNCHER_SOCKET: 'relative' }],
    ['sweeper', { RUNYARD_SWEEP_SEC: '0', RUNYARD_LEASE_SEC: 'x', LOG_LEVEL: 'loud', SQS_QUEUE_PREFIX: '?' }],
  ] as const)('by the %s when variables are wrong, all of them at once', async (name, wrong) => {
    const refused = await ServiceProcess.runToEnd(name, deployment.environment(wrong));
    expect(refused.code).toBe(EX_CONFIG);
    for (const variable of Object.keys(wrong)) expect(refused.said).toContain(`  ${variable} `);
  });

  test('by the gateway without a secret, and by the executor for a language that there is not', async () => {
    const { RUNYARD_SECRET: _secret, ...environment } = deployment.environment();
    const gateway = await ServiceProcess.runToEnd('api-gateway', environment);
    expect([gateway.code, gateway.said.includes('RUNYARD_SECRET must be set')]).toEqual([EX_CONFIG, true]);
    const env = deployment.environment({ EXECUTOR_LANGUAGES: 'pyhton' });
    const executor = await ServiceProcess.runToEnd('executor', env);
    expect([executor.code, executor.said.includes('Did you mean python?')]).toEqual([EX_CONFIG, true]);
  });
});

describe('an executor that is stopped', () => {
  test('finishes its job and takes no other', async () => {
    await using executor = await deployment.start('executor', BASH);
    const running = await submitAndSeeRunning(SLOW);
    executor.kill('SIGTERM');
    await executor.line((line) => String(line['msg']).startsWith('Stopping'));
    const waiting = await client.submit({ language: 'bash', code: 'echo next' });
    expect(await executor.exited).toEqual({ code: 0, signal: null });
    expect(await client.status(running.executionId)).toMatchObject({ status: 'completed', attempt: 1 });
    expect(await client.status(waiting.executionId)).toMatchObject({ status: 'queued', attempt: 0 });

    await using next = await deployment.start('executor', BASH);
    expect(await client.untilFinal(waiting)).toMatchObject({ stdoutPreview: 'next\n', attempt: 1 });
    expect(await next.counter('runyard_executor_lease_lost_total')).toBe(0);
  });

  test('gives back what takes longer than the grace, for another to run at once', async () => {
    await using first = await deployment.start('executor', { ...BASH, RUNYARD_DRAIN_SEC: '0' });
    const { executionId } = await submitAndSeeRunning(SLOW);
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });
    expect(first.lines.some((line) => line['msg'] === 'job handed back')).toBe(true);
    await using _second = await deployment.start('executor', BASH);
    const job = await client.untilFinal(await client.status(executionId));
    expect(job).toMatchObject({ status: 'completed', stdoutPreview: 'done\n', attempt: 2 });
  });

  test('twice ends at once, and its job runs again after its lease', async () => {
    const lease = { ...BASH, RUNYARD_LEASE_SEC: '6' };
    await using first = await deployment.start('executor', lease);
    const { executionId } = await submitAndSeeRunning({ ...ENDLESS, code: 'sleep 2; echo done' });
    first.kill('SIGTERM');
    await first.line((line) => String(line['msg']).startsWith('Stopping'));
    // What follows within half a second counts as the same wish.
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await first.end('SIGTERM')).code).toBe(143);
    await using _second = await deployment.start('executor', lease);
    const job = await client.untilFinal(await client.status(executionId));
    expect(job).toMatchObject({ status: 'completed', stdoutPreview: 'done\n', attempt: 2 });
  });
});

test('a gateway that is stopped answers who waits, and a sweeper ends', async () => {
  const { service, client: leaving } = await deployment.startGateway();
  const { executionId } = await client.submit(ENDLESS);
  const answer = leaving.status(executionId, { waitSec: 25 });
  await service.line((line) => line['msg'] === 'ready');
  await expect.poll(async () => (await fetch(`${leaving.url}/health/live`)).status).toBe(200);
  expect(await service.end('SIGTERM')).toEqual({ code: 0, signal: null });
  expect(await answer).toMatchObject({ status: 'queued' });
  const sweeper = await deployment.start('sweeper');
  expect(await sweeper.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

test('a job whose message was lost is sent again by the sweeper', async () => {
  await using _sweeper = await deployment.start('sweeper', { RUNYARD_SWEEP_SEC: '1', RUNYARD_LEASE_SEC: '3' });
  // Nobody is there to take it, so deleting the queue's messages is the loss.
  const { executionId } = await client.submit({ language: 'perl', code: 'print "found\\n";' });
  const name = { QueueName: `runyard-${deployment.env}-0-perl` };
  const { QueueUrl } = await deployment.sqs.send(new GetQueueUrlCommand(name));
  await deployment.sqs.send(new PurgeQueueCommand({ QueueUrl }));
  await using _executor = await deployment.start('executor', { ...BASH, EXECUTOR_LANGUAGES: 'perl' });
  const job = await client.untilFinal(await client.status(executionId));
  expect(job).toMatchObject({ status: 'completed', stdoutPreview: 'found\n', attempt: 1 });
  await expect.poll(() => _sweeper.counter('runyard_sweeper_resent_total')).toBeGreaterThanOrEqual(1);
});

test('an executor whose queue is deleted says so and ends with 1', async () => {
  await using executor = await deployment.start('executor', { ...BASH, EXECUTOR_LANGUAGES: 'lua' });
  const name = { QueueName: `runyard-${deployment.env}-0-lua` };
  const { QueueUrl } = await deployment.sqs.send(new GetQueueUrlCommand(name));
  await deployment.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  expect(await executor.exited).toEqual({ code: 1, signal: null });
  expect(executor.said).toContain('the service cannot go on');
  // The other languages go on.
  expect(await client.submit({ language: 'perl', code: '1' })).toMatchObject({ status: 'queued' });
});

/**
 * The services of a deployment as processes, against AWS-compatible servers: two gateways, a sweeper, one executor of all languages and
 * three that serve bash alone. Everything is seen from outside: HTTP, the bucket, the queues, and what operators see.
 */
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AwsDeployment } from '../support/aws-deployment.ts';
import type { Client, WireJob, WireLanguage } from '../support/client.ts';
import type { ServiceProcess } from '../support/service-process.ts';

/** Shared by four executors of one slot each. */
/** A thousand in `npm run test:aws` on request; fewer take as much of the code. */
const JOBS = Number(process.env['RUNYARD_TEST_JOBS'] ?? '300');
/** Submitted at once: enough that no executor ever waits for the client. */
const BATCH = 100;

let deployment: AwsDeployment;
let gateway: ServiceProcess;
let client: Client;
/** Another gateway, whose links last a second. */
let hasty: Client;
let sweeper: ServiceProcess;
let executors: ServiceProcess[];

beforeAll(async () => {
  deployment = await AwsDeployment.create();
  executors = [await deployment.start('executor', { RUNYARD_SLOTS: '1' })];
  const ofBash = { RUNYARD_SLOTS: '1', EXECUTOR_LANGUAGES: 'bash' };
  executors.push(...(await Promise.all([1, 2, 3].map(() => deployment.start('executor', ofBash)))));
  [{ service: gateway, client }, { client: hasty }, sweeper] = await Promise.all([
    deployment.startGateway(),
    deployment.startGateway({ RUNYARD_LINK_LIFE_SEC: '1' }),
    deployment.start('sweeper', { RUNYARD_SWEEP_SEC: '1' }),
  ]);
});

afterAll(async () => {
  await (deployment as AwsDeployment | undefined)?.[Symbol.asyncDispose]();
});

/** Keys of all outputs of the bucket that start with the prefix. */
async function outputKeys(prefix = 'outputs/'): Promise<string[]> {
  const keys: string[] = [];
  let token: string | undefined;
  do {
    const page = await deployment.s3.send(
      new ListObjectsV2Command({ Bucket: deployment.bucket, Prefix: prefix, ContinuationToken: token }),
    );
    keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
    token = page.NextContinuationToken;
  } while (token !== undefined);
  return keys;
}

async function messagesOf(queue: string): Promise<number> {
  const { QueueUrl } = await deployment.sqs.send(
    new GetQueueUrlCommand({ QueueName: `runyard-${deployment.env}-0-${queue}` }),
  );
  const { Attributes = {} } = await deployment.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
    }),
  );
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

function submitOrder(url: string, code: string): Promise<Response> {
  return fetch(`${url}/submit`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'order-66' },
    body: JSON.stringify({ language: 'bash', code }),
  });
}

async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url);
  await answer.arrayBuffer();
  return answer.status;
}

describe('a job', () => {
  test('is accepted, polled to its end, and its output is downloaded from the bucket', async () => {
    const code = `printf 'out\\x00\\xff'; printf 'err' >&2`;
    const accepted = await client.submit({ language: 'bash', code });
    expect(accepted).toMatchObject({ status: 'queued', language: 'bash', verdict: null });
    let job = accepted;
    while (job.completedAt === null) job = await client.status(job.executionId);
    expect(job).toMatchObject({ status: 'completed', verdict: 'ok', exitCode: 0, outputBytes: 8, attempt: 1 });

    const { url } = await client.result(job.executionId);
    expect(new URL(url ?? '').origin).toBe(process.env['AWS_ENDPOINT_URL_S3']);
    const answer = await fetch(url ?? '');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    const body = Buffer.from(await answer.arrayBuffer()).toString('latin1');
    expect(body.replace('err', '')).toBe('out\u0000\u00ff');
    expect((await outputKeys(`outputs/${job.executionId}/`)).toSorted()).toEqual(
      ['combined.txt', 'stderr', 'stdout'].map((name) => `outputs/${job.executionId}/1/${name}`),
    );
  });

  test('wakes who waits for it, on any gateway', async () => {
    const { executionId } = await client.submit({ language: 'bash', code: 'sleep 0.5; echo late' });
    const [first, second] = await Promise.all([
      client.status(executionId, { waitSec: 25 }),
      hasty.status(executionId, { waitSec: 25 }),
    ]);
    expect(first).toMatchObject({ status: 'completed', stdoutPreview: 'late\n' });
    expect(second).toEqual(first);
  });

  test('under a key is accepted once, whichever gateway is asked', async () => {
    const answers = await Promise.all([client, hasty, client, hasty].map(({ url }) => submitOrder(url, 'echo once')));
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202, 202]);
    const ids = await Promise.all(answers.map(async (answer) => ((await answer.json()) as WireJob).executionId));
    expect(new Set(ids).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotent-replayed') === 'true')).toHaveLength(3);
    expect((await submitOrder(hasty.url, 'echo twice')).status).toBe(409);
    const job = await client.untilFinal(await client.status(ids[0] ?? ''));
    expect(job).toMatchObject({ stdoutPreview: 'once\n', attempt: 1 });
  });

  test('with a long source and much output is the same as any other', async () => {
    const filler = `# ${'x'.repeat(200_000)}\n`;
    const code = `${filler}head -c 3000000 /dev/zero | tr '\\0' a`;
    const job = await client.run({ language: 'bash', code });
    expect(job).toMatchObject({ verdict: 'ok', outputBytes: 3_000_000 });
    const output = await client.outputOf(job.executionId);
    expect(output.equals(Buffer.alloc(3_000_000, 'a'))).toBe(true);
  });
});

describe('a link', () => {
  test('with another signature, key or life is refused', async () => {
    const job = await client.run({ language: 'bash', code: 'echo secret' });
    const { url } = await client.result(job.executionId);
    const change = (edit: (link: URL) => void): string => {
      const link = new URL(url ?? '');
      edit(link);
      return link.href;
    };
    const signature = new URL(url ?? '').searchParams.get('X-Amz-Signature') ?? '';
    const other = signature.startsWith('0') ? `1${signature.slice(1)}` : `0${signature.slice(1)}`;
    expect(await statusOf(url ?? '')).toBe(200);
    expect(await statusOf(change((link) => link.searchParams.set('X-Amz-Signature', other)))).toBe(403);
    expect(await statusOf(change((link) => link.searchParams.set('X-Amz-Expires', '604800')))).toBe(403);
    expect(await statusOf(change((link) => (link.pathname = link.pathname.replace('/1/', '/2/'))))).toBe(403);
  });

  test('ends when it says so', async () => {
    const job = await client.run({ language: 'bash', code: 'echo short' });
    const { url, expiresAt } = await hasty.result(job.executionId);
    expect(Date.parse(expiresAt ?? '') - Date.now()).toBeLessThanOrEqual(1000);
    // The server judges by its own clock, in whole seconds.
    await expect.poll(() => statusOf(url ?? ''), { timeout: 10_000 }).toBe(403);
  });
});

test('every language runs its sample, and shows the version that an executor found', async () => {
  const { languages } = await client.get<{ languages: (WireLanguage & { versions: { version: string }[] })[] }>(
    '/languages',
  );
  expect(languages).toHaveLength(14);
  expect(languages.map(({ versions }) => versions.length)).toEqual(languages.map(() => 1));
  const jobs = await Promise.all(
    languages.map(({ id, sample }) => client.run({ language: id, code: sample.code, input: sample.input })),
  );
  const outputs = await Promise.all(jobs.map(({ executionId }) => client.outputOf(executionId)));
  expect(jobs.map(({ language, verdict }) => [language, verdict])).toEqual(languages.map(({ id }) => [id, 'ok']));
  expect(outputs.map(String)).toEqual(languages.map(({ sample }) => sample.output));
});

test(`${JOBS} jobs, shared by four executors, have one effect each`, async () => {
  const before = await Promise.all(executors.map((executor) => executor.counter('runyard_executor_settled_total')));
  const expected = new Map<string, string>();
  for (let first = 0; first < JOBS; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, JOBS - first) }, (_, index) => first + index);
    const jobs = await Promise.all(numbers.map((n) => client.submit({ language: 'bash', code: `echo $((${n} * 7))` })));
    jobs.forEach(({ executionId }, index) => expected.set(executionId, `${(first + index) * 7}\n`));
  }
  expect(expected.size).toBe(JOBS);

  const seen = new Map<string, WireJob>();
  for (const executionId of expected.keys()) {
    seen.set(executionId, await client.untilFinal(await client.status(executionId)));
  }
  const wrong = [...seen.values()].filter(
    (job) => job.verdict !== 'ok' || job.attempt !== 1 || job.stdoutPreview !== expected.get(job.executionId),
  );
  expect(wrong).toEqual([]);

  // One object per job, of its first attempt, and none besides.
  const keys = (await outputKeys()).filter((key) => expected.has(key.split('/')[1] ?? ''));
  expect(keys.toSorted()).toEqual([...expected.keys()].map((id) => `outputs/${id}/1/combined.txt`).toSorted());
  await expect.poll(() => messagesOf('bash'), { timeout: 30_000 }).toBe(0);
  expect(await messagesOf('bash-dlq')).toBe(0);

  const after = await Promise.all(executors.map((executor) => executor.counter('runyard_executor_settled_total')));
  const shares = after.map((count, index) => count - (before[index] ?? 0));
  expect(shares.reduce((sum, share) => sum + share, 0)).toBe(JOBS);
  // All four worked; who got how many depends on the queue.
  expect(Math.min(...shares)).toBeGreaterThan(JOBS / 50);
  // A finished job is not looked at again.
  const [sample = ''] = expected.keys();
  expect(await client.status(sample)).toEqual(seen.get(sample));
});

describe('operators see', () => {
  test('that the gateway is ready, and what it stands on', async () => {
    const ready = await client.get<{ status: string; checks: Record<string, unknown> }>('/health/ready');
    expect(ready.status).toBe('ready');
    expect(Object.keys(ready.checks).toSorted()).toEqual(['artifacts', 'queue', 'store']);
    expect(gateway.lines.some((line) => line['msg'] === 'ready')).toBe(true);
  });

  test('that executors and sweeper are ready, and what they did', async () => {
    for (const service of [...executors, sweeper]) {
      const answer = await fetch(`${service.url}/health/ready`);
      expect([service.name, answer.status]).toEqual([service.name, 200]);
      expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    }
    await expect.poll(() => sweeper.counter('runyard_sweeper_sweeps_total'), { timeout: 20_000 }).toBeGreaterThan(0);
    expect(await sweeper.counter('runyard_sweeper_failed_parts_total')).toBe(0);
    expect(await sweeper.counter('runyard_sweeper_dead_letters_settled_total')).toBe(0);
  });

  test('nothing of what programs said or of the secret in any log', async () => {
    const logs = [gateway, sweeper, ...executors].map(({ said }) => said).join('');
    expect(logs).not.toContain('not a secret, the same');
    expect(logs).not.toContain('echo secret');
  });
});

/** A thousand jobs of all kinds on two slots: right answers, nothing that grows, nothing left; and a queue that is full. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Submission } from '../support/client.ts';
import { expectNoTraces } from '../support/host-traces.ts';
import { TestServer } from '../support/server.ts';

const JOBS = 1000;
/** Submitted at once. After the first batch the server has all that it will ever need. */
const BATCH = 250;

interface Case {
  readonly submission: Submission;
  readonly verdict: string;
  readonly stdout: string;
}

const KINDS: readonly ((n: number) => Case)[] = [
  (n) => ok('python', `print(${n} * 2)`, `${n * 2}\n`),
  (n) => ok('bash', `echo $((${n} * 2))`, `${n * 2}\n`),
  (n) => ok('perl', `print ${n} * 2, "\\n";`, `${n * 2}\n`),
  (n) => ok('lua', `print(${n} * 2)`, `${n * 2}\n`),
  (n) => ok('javascript', `console.log(${n} * 2)`, `${n * 2}\n`),
  (n) => ok('c', `#include <stdio.h>\nint main(void) { printf("%d\\n", ${n} * 2); }`, `${n * 2}\n`),
  (n) => ends('bash', `echo ${n}; exit 3`, 'runtime_error', `${n}\n`),
  (n) => ends('bash', `echo ${n}; kill -SEGV $$`, 'signalled', `${n}\n`),
  (n) => ends('c', `int main(void) { return ${n} }`, 'compile_error', ''),
  (n) => ends('bash', `echo ${n}; while :; do :; done`, 'time_limit', `${n}\n`, { cpuTimeMs: 50, wallTimeMs: 5000 }),
  (n) => ends('python', `print(${n}, flush=True)\nx = bytearray(1 << 30)`, 'memory_limit', `${n}\n`),
  (n) => ends('bash', `sleep 60 & echo ${n}`, 'ok', `${n}\n`),
];

function ok(language: string, code: string, stdout: string): Case {
  return ends(language, code, 'ok', stdout);
}

function ends(language: string, code: string, verdict: string, stdout: string, limits?: Record<string, number>): Case {
  return { submission: { language, code, ...(limits === undefined ? {} : { limits }) }, verdict, stdout };
}

function caseOf(n: number): Case {
  const kind = KINDS[n % KINDS.length];
  if (kind === undefined) throw new Error('no kind');
  return kind(n);
}

function usageOf(pid: number): { residentMiB: number; descriptors: number } {
  const resident = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return { residentMiB: Number(resident?.[1]) / 1024, descriptors: ownDescriptors(pid) };
}

/** Without the connections of clients, which the tests themselves keep. */
function ownDescriptors(pid: number): number {
  const tcp = new Set(
    [...readFileSync(`/proc/${pid}/net/tcp`, 'utf8').matchAll(/ (\d+) \d+ [0-9a-f]{16} /g)].map(([, inode]) => inode),
  );
  return readdirSync(`/proc/${pid}/fd`).filter((name) => {
    try {
      return !tcp.has(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1]);
    } catch {
      return false; // Closed meanwhile.
    }
  }).length;
}

async function runAll(server: TestServer, numbers: readonly number[]): Promise<readonly object[]> {
  const accepted = await Promise.all(numbers.map((n) => server.client.submit(caseOf(n).submission)));
  const ended = await Promise.all(accepted.map((job) => server.client.untilFinal(job)));
  return ended.map(({ verdict, stdoutPreview }) => ({ verdict, stdout: stdoutPreview }));
}

function expectedOf(numbers: readonly number[]): readonly object[] {
  return numbers.map((n) => ({ verdict: caseOf(n).verdict, stdout: caseOf(n).stdout }));
}

test(`${JOBS} mixed jobs on two slots`, async () => {
  await using server = await TestServer.start({ env: { RUNYARD_SLOTS: '2' } });
  const { ownerId } = await server.client.get<{ ownerId: string }>('/version');
  const numbers = Array.from({ length: JOBS }, (_, index) => index + 1);
  const usages: ReturnType<typeof usageOf>[] = [];
  while (numbers.length > 0) {
    const batch = numbers.splice(0, BATCH);
    expect(await runAll(server, batch)).toEqual(expectedOf(batch));
    usages.push(usageOf(server.pid));
  }
  const [first, last] = [usages[0], usages.at(-1)];
  if (first === undefined || last === undefined) throw new Error('no batch');
  expect(last.residentMiB - first.residentMiB).toBeLessThan(96);
  expect(last.descriptors - first.descriptors).toBeLessThan(8);
  await server.end('SIGTERM');
  await expectNoTraces(ownerId);
});

test('a full queue refuses with 503 and loses nothing that it accepted', async () => {
  await using server = await TestServer.start({ env: { RUNYARD_SLOTS: '1', RUNYARD_QUEUE_LIMIT: '20' } });
  const submit = (n: number) =>
    fetch(`${server.url}/submit`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ language: 'bash', code: `sleep 0.2; echo ${n}` }),
    });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) => submit(n)));
  const refused = answers.filter(({ status }) => status === 503);
  const accepted = answers.filter(({ status }) => status === 202);
  expect(refused.length + accepted.length).toBe(60);
  expect(refused.length).toBeGreaterThanOrEqual(20);
  expect(refused.map(({ headers }) => Number(headers.get('retry-after')) > 0)).not.toContain(false);
  const jobs = (await Promise.all(accepted.map((answer) => answer.json()))) as { executionId: string }[];
  const ended = await Promise.all(
    jobs.map(async (job) => server.client.untilFinal(await server.client.status(job.executionId))),
  );
  expect(ended.map(({ verdict }) => verdict)).toEqual(jobs.map(() => 'ok'));
});

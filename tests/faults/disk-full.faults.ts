/** The embedded backend on a disk that fills up under load: nothing accepted is lost, refusals say why, and it recovers by itself. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { WireJob } from '../support/client.ts';
import { TestServer } from '../support/server.ts';
import { ROUNDS, IS_FAST, writeRow } from './support/rounds.ts';

/** Below 64 MiB of room no jobs are taken. */
const DISK_MB = 160;
const CLIENTS = 4;
/** Printed by each job: too much for the record, so that it needs the disk. */
const OUTPUT_BYTES = 30_000;
const BACK_WITHIN_MS = 60_000;

test.skipIf(IS_FAST)('the disk is full', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-disk-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MB}m,mode=755`, 'runyard-test', folder]);
  try {
    await using server = await TestServer.start({ dataDir: path.join(folder, 'data'), env: { LOG_LEVEL: 'error' } });
    const { lost, ours, refusals } = await fillAgainAndAgain(server, path.join(folder, 'filler'));
    expect(lost).toEqual([]);
    expect(ours).toEqual([]);
    for (const refusal of refusals) expect(refusal).toMatch(/answers 5(03|07)/);
  } finally {
    execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

interface Outcome {
  readonly lost: readonly unknown[];
  readonly ours: readonly unknown[];
  /** What clients were told in place of an acceptance. */
  readonly refusals: ReadonlySet<string>;
}

async function fillAgainAndAgain(server: TestServer, filler: string): Promise<Outcome> {
  const accepted: { job: WireJob; name: string }[] = [];
  const refusals = new Set<string>();
  const end = new AbortController();
  const clients = Array.from({ length: CLIENTS }, async (_, client) => {
    for (let n = 0; !end.signal.aborted; n += 1) {
      const name = `${client}.${n}`;
      const job = await server.client.submit({ language: 'bash', code: codeOf(name) }).catch((error: unknown) => {
        refusals.add(String(error).replaceAll(/"(instance|requestId)":"[^"]*"/g, ''));
        return null;
      });
      if (job !== null) accepted.push({ job, name });
      await sleep(200 + Math.random() * 400);
    }
  });
  for (let round = 0; round < ROUNDS; round += 1) {
    await sleep(Math.random() * 500);
    fill(filler);
    await sleep(Math.random() * 1_500);
    rmSync(filler);
    await expect.poll(() => isReady(server), { timeout: BACK_WITHIN_MS, interval: 100 }).toBe(true);
    await expect(server.client.run({ language: 'bash', code: 'echo back' })).resolves.toMatchObject({ verdict: 'ok' });
  }
  end.abort();
  await Promise.all(clients);
  const ended = await Promise.all(
    accepted.map(async ({ job, name }) => ({ job: await server.client.untilFinal(job), name })),
  );
  const isRight = ({ job, name }: (typeof ended)[number]) =>
    job.verdict === 'ok' && job.stdoutPreview?.startsWith(`${name}\n`);
  const ours = ended.filter(({ job }) => job.verdict === 'internal_error');
  const lost = ended.filter((each) => !isRight(each) && !ours.includes(each));
  writeRow({
    fault: 'embedded: disk full',
    planted: ROUNDS,
    jobs: ended.length,
    reRuns: ended.reduce((sum, { job }) => sum + Math.max(0, job.attempt - 1), 0),
    lost: lost.length,
    double: 0,
    internalErrors: ours.length,
  });
  return { lost, ours, refusals };
}

/** The name first, which the preview shows. */
function codeOf(name: string): string {
  return `echo ${name}; head -c ${OUTPUT_BYTES} /dev/zero | tr '\\0' x; echo`;
}

/** Writes until nothing more fits. */
function fill(file: string): void {
  const descriptor = openSync(file, 'w');
  try {
    for (const block of [1024 * 1024, 4096]) writeAllOf(descriptor, Buffer.alloc(block));
  } finally {
    closeSync(descriptor);
  }
}

function writeAllOf(descriptor: number, block: Buffer): void {
  try {
    for (;;) writeSync(descriptor, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

async function isReady({ url }: TestServer): Promise<boolean> {
  return (await fetch(`${url}/health/ready`)).ok;
}

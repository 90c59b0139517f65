import { deepStrictEqual, strictEqual } from 'node:assert';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Submission, WireJob } from './client.ts';
import { expectNoTraces, launcherPidOf } from './host-traces.ts';
import { makeDataDir, startAndKill, TestServer } from './server.ts';

/** Clients that submit one job after the other until the server is gone. */
const CLIENTS = 6;
/** The kill comes at a random moment of this time under load. */
const MAX_LOAD_MS = 1_500;
/** A start takes about so long; some rounds kill one in the middle of it. */
const MAX_START_MS = 600;
/** Claims that the server grants one job before it gives up: so many kills in a row may end a job without an answer. */
const MAX_ATTEMPTS = 3;

export interface KillReport {
  readonly accepted: number;
  /** Jobs that one kill interrupted and a later server ran again, and those that two interrupted. */
  readonly interruptedOnce: number;
  readonly interruptedTwice: number;
  /** Jobs that were running at three kills in a row. */
  readonly givenUp: number;
}

/**
 * Kills a loaded server at random moments, again and again, in half of the rounds its launcher as well, and starts it again
 * on the same data. Throws when an accepted job is lost, ends twice, ends wrongly, or anything stays on the host.
 */
export async function killRounds(rounds: number): Promise<KillReport> {
  const dataDir = makeDataDir();
  const ledger = new Ledger();
  try {
    let killedOwner: string | null = null;
    for (let round = 0; round < rounds; round += 1) {
      const isKilledAtStart = round % 5 === 4;
      if (isKilledAtStart) await startAndKill(dataDir, Math.random() * MAX_START_MS);
      const server = await TestServer.start({ dataDir, env: { LOG_LEVEL: 'error' } });
      if (killedOwner !== null) await expectNoTraces(killedOwner);
      await ledger.lookAtFinals(server);
      killedOwner = await killUnderLoad(server, ledger, { round, alsoLauncher: round % 2 === 1 });
    }
    await using last = await TestServer.start({ dataDir });
    if (killedOwner !== null) await expectNoTraces(killedOwner);
    return await ledger.settleAccounts(last);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Returns the owner id of the launcher that died with the server. */
async function killUnderLoad(
  server: TestServer,
  ledger: Ledger,
  { round, alsoLauncher }: { round: number; alsoLauncher: boolean },
): Promise<string> {
  const { ownerId } = await server.client.get<{ ownerId: string }>('/version');
  const launcherPid = launcherPidOf(ownerId);
  const isGone = { value: false };
  const clients = Array.from({ length: CLIENTS }, (_, index) =>
    submitUntilGone(server, ledger, `${round}.${index}`, isGone),
  );
  await sleep(Math.random() * MAX_LOAD_MS);
  isGone.value = true;
  const pids = alsoLauncher ? [launcherPid, server.pid] : [server.pid];
  for (const victim of pids) process.kill(victim, 'SIGKILL');
  await server.exited;
  await Promise.all(clients);
  return ownerId;
}

async function submitUntilGone(
  server: TestServer,
  ledger: Ledger,
  name: string,
  isGone: { readonly value: boolean },
): Promise<void> {
  for (let n = 0; ; n += 1) {
    const answer = `${name}.${n}`;
    try {
      // Every third client job is left behind unwaited, so that the queue is never empty when the kill comes.
      ledger.accept(await server.client.submit(jobThatPrints(answer, n), { waitSec: n % 3 === 0 ? 0 : 5 }), answer);
    } catch (error) {
      if (isGone.value) return;
      throw error;
    }
  }
}

function jobThatPrints(answer: string, n: number): Submission {
  const pauseSec = (n % 4) * 0.05;
  return n % 5 === 0
    ? { language: 'python', code: `print("${answer}")` }
    : { language: 'bash', code: `sleep ${pauseSec}; echo ${answer}` };
}

/** What clients were told, and what became of it. */
class Ledger {
  readonly #answers = new Map<string, string>();
  /** The first final state that was seen of a job: the only one it may ever have. */
  readonly #finals = new Map<string, WireJob>();

  accept(job: WireJob, answer: string): void {
    this.#answers.set(job.executionId, answer);
    if (job.completedAt !== null) this.#finals.set(job.executionId, job);
  }

  /** Remembers what is final by now, to be compared at the end. */
  async lookAtFinals({ client }: TestServer): Promise<void> {
    for (const executionId of this.#answers.keys()) {
      if (this.#finals.has(executionId)) continue;
      const job = await client.status(executionId);
      if (job.completedAt !== null) this.#finals.set(executionId, job);
    }
  }

  async settleAccounts({ client }: TestServer): Promise<KillReport> {
    let interruptedOnce = 0;
    let interruptedTwice = 0;
    let givenUp = 0;
    for (const [executionId, answer] of this.#answers) {
      const job = await client.untilFinal(await client.status(executionId));
      const first = this.#finals.get(executionId);
      if (first !== undefined) deepStrictEqual(job, first, `job ${answer} ended twice`);
      if (job.verdict === 'internal_error' && job.attempt === MAX_ATTEMPTS) {
        givenUp += 1;
        continue;
      }
      if (job.attempt === 2) interruptedOnce += 1;
      if (job.attempt === 3) interruptedTwice += 1;
      const { status, verdict, stdoutPreview } = job;
      const expected = { status: 'completed', verdict: 'ok', stdoutPreview: `${answer}\n` };
      deepStrictEqual({ status, verdict, stdoutPreview }, expected, `job ${executionId}`);
      strictEqual(String(await client.outputOf(executionId)), `${answer}\n`);
    }
    return { accepted: this.#answers.size, interruptedOnce, interruptedTwice, givenUp };
  }
}

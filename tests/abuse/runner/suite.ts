import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SECTIONS } from '../cases/index.ts';
import type { LauncherName } from '../case.ts';
import { Canary, type CanaryRecord } from './canary.ts';
import { caseFor, type CaseHere, type CaseResult } from './case-result.ts';
import type { SuiteOptions } from './options.ts';
import { writeReport } from './report.ts';
import { notRun, runCase } from './run-case.ts';
import { AbuseHost, type ServerUnderTest } from './server-under-test.ts';
import { Witness } from './witness.ts';

/** Some cases run a thousand jobs; each wait within has a deadline of its own. */
const CASE_MS = 1_200_000;

interface Running {
  readonly target: ServerUnderTest;
  readonly witness: Witness;
}

/** One test per case, on one server that is started again when a case has ended it. */
export function defineAbuseSuite(options: SuiteOptions): void {
  const { launcher } = options;
  const chosen = chooseCases(options);
  const results = new Map<string, CaseResult>();
  const stage = new SharedStage(options);

  describe(`abuse on ${launcher}`, () => {
    beforeAll(() => stage.begin());
    afterAll(async () => {
      await stage[Symbol.asyncDispose]();
      if (!options.isReporting) return;
      const sections = chosen.map(({ number, title, cases }) => ({
        number,
        title,
        results: cases.flatMap((here) => results.get(here.case.id) ?? []),
      }));
      writeReport({ launcher, facts: stage.facts, idle: stage.idle, sections });
    });

    for (const { number, title, cases } of chosen) {
      describe(`${number} ${title}`, () => {
        test.for(cases)('$case.id $case.title', { timeout: CASE_MS }, async (here) => {
          const result = here.cannotRun === null ? await stage.perform(here) : notRun(here, here.cannotRun);
          results.set(here.case.id, result);
          expect(result.faults).toEqual([]);
          expect(result.internalErrors).toBe(0);
        });
      });
    }
  });
}

function chooseCases({ launcher, tag, only }: SuiteOptions) {
  return SECTIONS.map(({ number, title, cases }) => ({
    number,
    title,
    cases: cases
      .filter(({ id, tags }) => tags.includes(tag) && (only?.has(id) ?? true))
      .map((abuse) => caseFor(launcher, abuse)),
  })).filter(({ cases }) => cases.length > 0);
}

/** The host, and the server that cases share. */
class SharedStage implements AsyncDisposable {
  idle: CanaryRecord = NO_SONG;
  facts: readonly string[] = [];
  readonly #launcher: LauncherName;
  readonly #isOwnHost: boolean;
  #host: AbuseHost | null = null;
  #shared: Running | null = null;

  constructor({ launcher, isOwnHost }: SuiteOptions) {
    this.#launcher = launcher;
    this.#isOwnHost = isOwnHost;
  }

  async begin(): Promise<void> {
    this.#host = await AbuseHost.start(this.#launcher);
    const { target } = await this.#living();
    this.idle = await Canary.idle(target.server.client);
    this.facts = await factsOf(target);
  }

  async perform(here: CaseHere): Promise<CaseResult> {
    const { serverEnv } = here.case;
    const common = { launcher: this.#launcher, isOwnHost: this.#isOwnHost };
    if (serverEnv === undefined) return runCase(here, { ...common, ...(await this.#living()) });
    const { target, witness } = await startRunning(this.#hostOrThrow(), serverEnv);
    await using owned = target;
    return await runCase(here, { ...common, target: owned, witness });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#shared?.target[Symbol.asyncDispose]();
    await this.#host?.[Symbol.asyncDispose]();
  }

  async #living(): Promise<Running> {
    if (this.#shared !== null && isAlive(this.#shared.target)) return this.#shared;
    await this.#shared?.target[Symbol.asyncDispose]();
    this.#shared = await startRunning(this.#hostOrThrow());
    return this.#shared;
  }

  #hostOrThrow(): AbuseHost {
    if (this.#host === null) throw new Error('the host has not been started');
    return this.#host;
  }
}

const NO_SONG: CanaryRecord = { wrong: [], p50Ms: 0, p95Ms: 0, liveP95Ms: 0, songs: 0 };

async function startRunning(host: AbuseHost, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const target = await host.startServer(env);
  try {
    return { target, witness: await Witness.take(target.server.client) };
  } catch (error) {
    await target[Symbol.asyncDispose]();
    throw error;
  }
}

function isAlive(target: ServerUnderTest): boolean {
  try {
    process.kill(target.pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** What the numbers depend on, for the head of the report. */
async function factsOf(target: ServerUnderTest): Promise<readonly string[]> {
  const version = await target.server.client.get<Readonly<Record<string, string | undefined>>>('/version');
  return ['engine', 'runtime', 'cgroup', 'kernel', 'runtimeRoot', 'node'].flatMap((name) =>
    version[name] === undefined ? [] : [`${name}: ${version[name]}`],
  );
}

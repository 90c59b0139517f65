import type { LauncherName, Seen, SeenJob } from '../case.ts';
import { performAct } from './acts.ts';
import { Canary } from './canary.ts';
import type { CaseHere, CaseResult } from './case-result.ts';
import { hostFaults } from './host-faults.ts';
import { type HostState, readHostState } from './host-state.ts';
import { tracesOf, untilGone } from './leftovers.ts';
import type { ServerUnderTest } from './server-under-test.ts';
import type { Witness } from './witness.ts';
import { type Log, makeWorld } from './world.ts';

const SAMPLE_MS = 200;
/** What a sandbox leaves is gone within a second; a loaded engine takes longer to remove containers. */
const GONE_MS = 20_000;

export interface Stage {
  readonly launcher: LauncherName;
  readonly target: ServerUnderTest;
  readonly witness: Witness;
  /** Nothing else works on this machine. */
  readonly isOwnHost: boolean;
}

/** Performs one case with the canary around it. Never throws for what the product does: that is in `faults`. */
export async function runCase(here: CaseHere, { launcher, target, witness, isOwnHost }: Stage): Promise<CaseResult> {
  const look = (): Promise<readonly string[]> => tracesOf(target, target.containers);
  const tracesBefore = await look();
  const before = readHostState(target);
  const log: Log = { jobs: [], answers: [], notes: [] };
  const world = makeWorld(launcher, target, log);
  const faults: string[] = [];

  const canary = new Canary(target.server.client);
  const watched = watch(target);
  for (const act of here.acts) faults.push(...(await performAct(act, world)));
  const during = watched.stop();
  const song = await canary.stop();

  const { left, tookMs } = await untilGone(tracesBefore, look, GONE_MS);
  faults.push(...left.map((trace) => `left on the host: ${trace}`));
  faults.push(
    ...(await hostFaults({ target, before, isOwnHost, note: world.note })),
    ...song.wrong,
    ...(await changesSeenBy(witness)),
  );
  const after = readHostState(target);
  const seen: Seen = {
    launcher,
    jobs: log.jobs,
    answers: log.answers,
    before,
    after,
    during,
    canary: song,
    note: world.note,
  };
  for (const check of here.checks) faults.push(...check(seen));

  const internalErrors = log.jobs.filter(({ job }) => job.verdict === 'internal_error').length;
  return {
    id: here.case.id,
    title: here.case.title,
    expected: here.expected,
    outcome: outcomeOf(faults, here.decision),
    got: gotOf(log),
    notes: [...(here.decision === null ? [] : [here.decision]), ...log.notes],
    faults,
    internalErrors,
    killMs: longestKill(log.jobs),
    canary: song,
    goneMs: Math.round(tookMs),
    serverRssGrowthBytes:
      Math.max(...during.map(({ serverRssBytes }) => serverRssBytes), after.serverRssBytes) - before.serverRssBytes,
  };
}

/** What cannot be run is in the report as well. */
export function notRun(here: CaseHere, reason: string): CaseResult {
  const { id, title } = here.case;
  const nothing = {
    got: '–',
    faults: [],
    internalErrors: 0,
    killMs: null,
    canary: null,
    goneMs: null,
    serverRssGrowthBytes: null,
  };
  return { id, title, expected: here.expected, outcome: 'cannot run', notes: [reason], ...nothing };
}

function outcomeOf(faults: readonly string[], decision: string | null): CaseResult['outcome'] {
  if (faults.length > 0) return 'wrong';
  return decision === null ? 'as expected' : 'deviating';
}

/** A server that is gone has no records: that is a fault among the others. */
function changesSeenBy(witness: Witness): Promise<readonly string[]> {
  return witness.changes().catch((error: unknown) => [`witness: ${String(error)}`]);
}

function watch(target: ServerUnderTest): { stop(): readonly HostState[] } {
  const states: HostState[] = [];
  const timer = setInterval(() => states.push(readHostState(target)), SAMPLE_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return states;
    },
  };
}

/** Each kind of ending with its count. */
function gotOf(log: Log): string {
  const endings = [
    ...log.jobs.map(
      ({ job }) => `${job.verdict}${job.step === 'compile' ? ' (compile)' : ''}${exitOf(job.exitCode, job.signal)}`,
    ),
    ...log.answers.map(({ status }) => `HTTP ${status}`),
  ];
  const counts = Map.groupBy(endings, (ending) => ending);
  return (
    [...counts].map(([ending, all]) => (all.length === 1 ? ending : `${all.length} × ${ending}`)).join(', ') || '–'
  );
}

function exitOf(exitCode: number | null, signal: string | null): string {
  if (signal !== null) return ` ${signal}`;
  return exitCode === null || exitCode === 0 ? '' : ` ${exitCode}`;
}

/** Of those that a limit ended. */
function longestKill(jobs: readonly SeenJob[]): number | null {
  const killed = jobs.filter(({ job }) => job.verdict?.endsWith('_limit')).map(({ killMs }) => killMs ?? 0);
  return killed.length === 0 ? null : Math.max(...killed);
}

import { setTimeout as sleep } from 'node:timers/promises';
import { type HostState, readHostState } from './host-state.ts';
import type { ServerUnderTest } from './server-under-test.ts';

const MIB = 1024 * 1024;
const POLL_MS = 100;
const BACK_MS = 20_000;
const READY_MS = 20_000;

/**
 * How far from the baseline a host may be after a case: what is left in bulk; what is left piecemeal is found by name
 * (`leftovers.ts`). Other work on the same machine moves these numbers too, so they fail a case only on a host that is said to
 * be the suite's own (RUNYARD_ABUSE_OWN_HOST=1), and else are remarks in the report.
 */
const TOLERANCE = { memoryBytes: 1024 * MIB, diskBytes: 1024 * MIB, tasks: 400 };
/** Of the server itself. Its heap grows and shrinks by some tens of MiB; clients keep connections of bursts for a minute. */
const SERVER = { rssGrowthBytes: 200 * MIB, descriptors: 160 };

export interface WatchedCase {
  readonly target: ServerUnderTest;
  readonly before: HostState;
  readonly isOwnHost: boolean;
  readonly note: (text: string) => void;
}

/** Waits until host and server are back to the baseline; says in words what is not, and whether the server is another one or not ready. */
export async function hostFaults({ target, before, isOwnHost, note }: WatchedCase): Promise<readonly string[]> {
  const look = (): readonly string[] => {
    const now = readHostState(target);
    return [...serverDifferences(before, now), ...(isOwnHost ? hostDifferences(before, now) : [])];
  };
  const untilMs = performance.now() + BACK_MS;
  let faults = look();
  while (faults.length > 0 && performance.now() < untilMs) {
    await sleep(POLL_MS);
    faults = look();
  }
  if (!isOwnHost) for (const remark of hostDifferences(before, readHostState(target))) note(`${remark} (other work?)`);
  return [...faults, ...(await readinessFaults(target))];
}

function serverDifferences(before: HostState, now: HostState): readonly string[] {
  if (now.serverRssBytes === 0) return ['the server has died'];
  return [
    ...(now.launcherPid === before.launcherPid ? [] : ['the launcher is another process than before']),
    ...over('memory of the server grew', now.serverRssBytes - before.serverRssBytes, SERVER.rssGrowthBytes),
    ...over('descriptors of the server grew', now.serverDescriptors - before.serverDescriptors, SERVER.descriptors),
  ];
}

function hostDifferences(before: HostState, now: HostState): readonly string[] {
  return [
    ...over('free memory of the host fell', before.availableBytes - now.availableBytes, TOLERANCE.memoryBytes),
    ...over('free disk of the host fell', before.diskFreeBytes - now.diskFreeBytes, TOLERANCE.diskBytes),
    ...over('tasks of the host grew', now.tasks - before.tasks, TOLERANCE.tasks),
  ];
}

function over(what: string, growth: number, most: number): readonly string[] {
  return growth > most ? [`${what} by ${growth}, more than ${most}`] : [];
}

/** An overloaded engine may show red for a moment. */
async function readinessFaults(target: ServerUnderTest): Promise<readonly string[]> {
  const untilMs = performance.now() + READY_MS;
  for (;;) {
    const answer = await fetch(`${target.server.url}/health/ready`).then(
      async (response) => `${response.status} ${await response.text()}`,
      (error: unknown) => String(error),
    );
    if (answer.startsWith('200 ')) return [];
    if (performance.now() > untilMs) return [`/health/ready answers ${answer}`];
    await sleep(POLL_MS);
  }
}

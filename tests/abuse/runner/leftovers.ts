import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInPlace, list, readHostState, readText, type WatchedServer } from './host-state.ts';

const POLL_MS = 50;

/** Lists the containers of the engine; none for the native launcher. */
export type ListContainers = () => Promise<readonly string[]>;

/**
 * Everything that sandboxes of the server have on this host now: control groups, processes in them, mounts, containers;
 * and what of anybody lies in the host's folders that a sandbox's own /tmp and /dev/shm are named after.
 */
export async function tracesOf(server: WatchedServer, containers: ListContainers): Promise<readonly string[]> {
  return [
    ...readHostState(server).places,
    ...processesOf(server.ownerId),
    ...readText('/proc/self/mountinfo')
      .split('\n')
      .filter((line) => line.includes(`${server.ownerId}.`)),
    ...(await containers()).map((name) => `container ${name}`),
    ...['/box', '/program', '/dev/shm', '/dev/mqueue'].flatMap((folder) =>
      list(folder).map((name) => `${folder}/${name}`),
    ),
    ...list(tmpdir())
      .filter((name) => name.includes(server.ownerId))
      .map((name) => `${tmpdir()}/${name}`),
  ];
}

/** Waits until there is nothing that was not there before. Returns what is left after the deadline, and how long it took. */
export async function untilGone(
  before: readonly string[],
  look: () => Promise<readonly string[]>,
  deadlineMs: number,
): Promise<{ readonly left: readonly string[]; readonly tookMs: number }> {
  const known = new Set(before);
  const startMs = performance.now();
  for (;;) {
    const left = (await look()).filter((trace) => !known.has(trace));
    const tookMs = performance.now() - startMs;
    if (left.length === 0 || tookMs > deadlineMs) return { left, tookMs };
    await sleep(POLL_MS);
  }
}

function processesOf(ownerId: string): readonly string[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && isInPlace(name, ownerId))
    .map((pid) => `process ${pid}: ${readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' ')}`);
}

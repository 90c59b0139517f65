import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { encodeFrame } from '../protocol/encode.ts';
import type { EndFrame } from '../protocol/frames.ts';
import type { ContainerState, Engine } from './engine.ts';
import type { ParentUsage } from './parent-cgroups.ts';

/** How long a container may still be called running after its stream ended, before its end is told without a status. */
const SETTLE_MS = 2_000;
const POLL_MS = 10;

export interface EndedContainer {
  readonly engine: Engine;
  readonly container: Docker.Container;
  readonly usage: () => Promise<ParentUsage>;
  /** Why we killed it, or null. */
  readonly killedFor: () => EndFrame['cause'] | null;
}

/**
 * The END frame of a container: what the native launcher appends, read from the engine and, where this process can read
 * it, from the parent cgroup. `State.OOMKilled` means "an OOM kill happened", not "memory limit" (finding F9): the host
 * takes it as such. "The stream ended" does not mean "the program ended" (F2): a container that still runs has lost its
 * connection. Throws EngineError when the engine does not answer.
 */
export async function encodeContainerEnd(ended: EndedContainer): Promise<Buffer> {
  const state = await endedState(ended);
  const usage = await ended.usage();
  return encodeFrame({
    type: 'end',
    waitStatus: waitStatusOf(state.exitCode),
    oomKills: Math.max(usage.oomKills ?? 0, state.isOomKilled ? 1 : 0),
    memoryPeakBytes: usage.memoryPeakBytes ?? 0,
    cpuUs: usage.cpuUs ?? 0,
    pidsPeak: usage.pidsPeak ?? 0,
    cause: ended.killedFor() ?? (state.isRunning ? 'hang_up' : 'self'),
  });
}

async function endedState({ engine, container }: EndedContainer): Promise<ContainerState> {
  const untilMs = performance.now() + SETTLE_MS;
  let state = await engine.inspect(container);
  while (state.isRunning && performance.now() < untilMs) {
    await sleep(POLL_MS);
    state = await engine.inspect(container);
  }
  return state;
}

/** The engine tells a death by signal n as exit code 128 + n; a wait status keeps the two apart. PID 1 itself never exits above 1. */
function waitStatusOf(exitCode: number): number {
  return exitCode > 128 ? exitCode - 128 : exitCode << 8;
}

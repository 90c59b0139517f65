import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import { encodeFrame } from '../protocol/encode.ts';
import type { ContainerState, Engine } from './engine.ts';
import { readParentUsage } from './usage.ts';

/** How long a container may still be called running after its stream ended, before its end is told without a status. */
const SETTLE_MS = 2_000;
const POLL_MS = 20;

/**
 * The END frame of a container: what the native launcher appends, read from the engine and, where this process can read
 * it, from the parent cgroup. `State.OOMKilled` means "an OOM kill happened", not "memory limit" (finding F9): the host
 * takes it as such. Throws EngineError when the engine does not answer.
 */
export async function encodeContainerEnd(
  engine: Engine,
  container: Docker.Container,
  cgroupParent: string | null,
): Promise<Buffer> {
  const state = await endedState(engine, container);
  const usage = cgroupParent === null ? null : await readParentUsage(cgroupParent);
  return encodeFrame({
    type: 'end',
    waitStatus: waitStatusOf(state.exitCode),
    oomKills: state.isOomKilled ? 1 : 0,
    memoryPeakBytes: usage?.memoryPeakBytes ?? 0,
    cpuUs: usage?.cpuUs ?? 0,
    pidsPeak: 0,
    cause: state.isRunning ? 'hang_up' : 'self',
  });
}

async function endedState(engine: Engine, container: Docker.Container): Promise<ContainerState> {
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

import { LauncherFailure, MOST_NATIVE_PLACES, type NativeLauncherOptions } from '@runyard/sandbox/native';
import type { LauncherConfig } from './config.ts';

type Wanted = Pick<LauncherConfig, 'maxMemoryBytes' | 'maxProcesses' | 'maxCpuMilli' | 'maxPlaces' | 'ownerId'>;

const OWNER_CHARS = 8;

/** What the variables say, for our own daemon. Throws LauncherFailure for what it cannot do, by the variable's name. */
export function nativeOptionsOf(config: Wanted): Pick<NativeLauncherOptions, 'bounds' | 'ownerId'> {
  const { maxMemoryBytes: memoryBytes, maxProcesses: processes, maxCpuMilli: cpuMilli, maxPlaces: places } = config;
  if (places > MOST_NATIVE_PLACES)
    throw new LauncherFailure(`RUNYARD_MAX_PLACES=${places}: the native launcher has at most ${MOST_NATIVE_PLACES}`);
  if (config.ownerId !== null && config.ownerId.length !== OWNER_CHARS)
    throw new LauncherFailure(`RUNYARD_LAUNCHER_OWNER must have ${OWNER_CHARS} digits for the native launcher`);
  const bounds = { memoryBytes, processes, cpuMilli, places };
  return config.ownerId === null ? { bounds } : { bounds, ownerId: config.ownerId };
}

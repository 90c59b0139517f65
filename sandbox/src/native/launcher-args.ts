import path from 'node:path';
import { DEFAULT_STATE_DIR, type NativeLauncherOptions } from './options.ts';
import { DEFAULT_PLACE_BOUNDS } from './place-bounds.ts';

/** The command line of `sandbox/launcher/main.c`. It always says the bounds: without them the daemon knows only sanity. */
export function launcherArgs(options: NativeLauncherOptions, ownerId: string, socketPath: string): string[] {
  const stateDir = path.resolve(options.stateDir ?? DEFAULT_STATE_DIR);
  const args = ['--socket', socketPath, '--root', options.rootDir, '--supervisor', options.supervisorPath];
  args.push('--state-dir', stateDir, '--owner', ownerId);
  const { memoryBytes, processes, cpuMilli, places } = { ...DEFAULT_PLACE_BOUNDS, ...options.bounds };
  args.push('--max-memory', String(memoryBytes), '--max-processes', String(processes));
  args.push('--max-cpu-milli', String(cpuMilli), '--max-places', String(places));
  if (options.setup !== undefined) args.push('--facts', JSON.stringify(options.setup));
  const user = options.user ?? null;
  if (user !== null) args.push('--uid', String(user.uid), '--gid', String(user.gid));
  return args;
}

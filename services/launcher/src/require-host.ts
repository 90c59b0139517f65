import { advisedLine, checkHost, startupRefusal } from '@runyard/sandbox/doctor';
import { StartupError } from '@runyard/shared/errors';
import type { Logger } from '@runyard/shared/logging';
import type { LauncherConfig } from './config.ts';

/** The doctor's checks. Throws StartupError with the fix of everything that is required and missing; the rest is one line of log. */
export async function requireHost(
  launcher: 'native' | 'docker',
  config: LauncherConfig,
  logger: Logger,
): Promise<void> {
  const report = await checkHost({
    launcher,
    runtime: config.runtime.sandboxRuntime,
    hasLauncherSocket: true,
    slotMemoryBytes: config.maxMemoryBytes,
    strict: config.isStrict,
  });
  const refusal = startupRefusal(report);
  if (refusal !== null) throw new StartupError(refusal);
  const advice = advisedLine(report);
  if (advice !== null) logger.info(advice);
}

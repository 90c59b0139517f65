import { advisedLine, checkHost, startupRefusal } from '@runyard/sandbox/doctor';
import { StartupError } from '@runyard/shared/errors';
import type { Logger } from '@runyard/shared/logging';
import type { StandaloneConfig } from './config.ts';

export interface HostRequest {
  readonly launcher: 'native' | 'docker';
  readonly config: StandaloneConfig;
  readonly logger: Logger;
}

/** The doctor's checks. Throws StartupError with the fix of everything that is required and missing; the rest is one line of log. */
export async function requireHost({ launcher, config, logger }: HostRequest): Promise<void> {
  const report = await checkHost({
    launcher,
    runtime: config.sandbox.sandboxRuntime,
    slots: config.executor.slots,
    strict: config.server.isStrict,
  });
  const refusal = startupRefusal(report);
  if (refusal !== null) throw new StartupError(refusal);
  const advice = advisedLine(report);
  if (advice !== null) logger.info(advice);
}

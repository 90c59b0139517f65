import { startReaperProcess } from '@runyard/reaper';
import type { Env } from '@runyard/shared/config';
import type { Logger } from '@runyard/shared/logging';
import type { Shutdown } from '@runyard/shared/process';

export interface ReaperContext {
  readonly logger: Logger;
  readonly shutdown: Shutdown;
}

/**
 * The process that removes containers which nobody else does, this server's death included. It needs the engine: start it
 * before rights are given up. Resolves after its first sweep, so before the first job.
 */
export async function startReaper(
  ownerId: string,
  environment: Env,
  { logger, shutdown }: ReaperContext,
): Promise<void> {
  const log = logger.child({ part: 'reaper' });
  const starting = startReaperProcess({
    environment,
    ownerId,
    onLog: (line) => log.warn(line),
  });
  shutdown.add('reaper', async () => (await starting).stop());
  const { exited } = await starting;
  void exited.then((how) => {
    // The launcher still removes its own; what it cannot is left until the next start.
    if (!shutdown.hasBegun) log.error(`the reaper ${how}`);
  });
}

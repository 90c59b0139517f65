import type { RuntimeRequest } from '@runyard/sandbox/setup';
import type { Logger } from '@runyard/shared/logging';
import type { Terminal } from '@runyard/shared/process';
import type { LauncherConfig } from './config.ts';

export interface SetupContext {
  readonly config: LauncherConfig;
  readonly environment: RuntimeRequest['environment'];
  readonly recipe: RuntimeRequest['recipe'];
  readonly logger: Logger;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

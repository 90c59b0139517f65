import { SupervisedSandbox } from '@runyard/sandbox';
import { LauncherFailure, SocketLauncher } from '@runyard/sandbox/socket';
import type { Language } from '@runyard/shared/domain';
import { AppError, StartupError } from '@runyard/shared/errors';
import { installedLanguages } from '@runyard/shared/languages';
import { release } from 'node:os';
import type { SandboxSetup } from './set-up-sandbox.ts';

/** A launcher that was started together with this process may have a runtime root to build first. */
const CONNECT_MS = 60_000;

/**
 * Uses a launcher that somebody else runs, and that has the rights which this process has not. Throws StartupError when none
 * answers, or when it lacks a language.
 */
export async function connectLauncher(options: {
  readonly socketPath: string;
  readonly languages: readonly Language[];
  readonly signal: AbortSignal;
}): Promise<SandboxSetup> {
  const { socketPath, signal } = options;
  const launcher = await connect(socketPath, signal);
  const { toolchains, runtimeRoot } = launcher.facts;
  const missing = options.languages.filter(({ id }) => toolchains[id] === undefined).map(({ id }) => id);
  if (missing.length > 0) {
    await launcher.close();
    throw new StartupError(
      `The launcher at ${socketPath} has no ${missing.join(', ')}.\nStart it with RUNYARD_LANGUAGES that name what its executors serve.`,
    );
  }
  const facts = launcher.describe();
  const lasting = lastingOf(facts);
  return {
    launcher,
    sandbox: new SupervisedSandbox(launcher),
    languages: installedLanguages(options.languages, toolchains),
    toolchains,
    host: { rootId: runtimeRoot ?? JSON.stringify(toolchains), launcher: JSON.stringify(lasting), kernel: release() },
    // Clients are told what it is, not which process it is.
    facts: { ...lasting, ownerId: facts['ownerId'] ?? '' },
    check: (deadlineMs) =>
      launcher.check(deadlineMs).catch((cause: unknown) => {
        throw new AppError('sandbox_unavailable', 'The launcher makes no places.', { cause });
      }),
  };
}

/** What stays the same when the launcher is started again: samples that have passed need not run anew. */
function lastingOf(facts: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const passing: ReadonlySet<string> = new Set(['pid', 'ownerId', 'firstUid', 'uids', 'restarts']);
  return Object.fromEntries(Object.entries(facts).filter(([name]) => !passing.has(name)));
}

async function connect(socketPath: string, signal: AbortSignal): Promise<SocketLauncher> {
  try {
    return await SocketLauncher.connect({ socketPath, connectMs: CONNECT_MS }, signal);
  } catch (error) {
    if (!(error instanceof LauncherFailure)) throw error;
    throw new StartupError(
      `No launcher answers at ${socketPath} (RUNYARD_LAUNCHER_SOCKET): ${error.message}.\nStart the launcher first, or unset the variable to let this process start its own.`,
      { cause: error },
    );
  }
}

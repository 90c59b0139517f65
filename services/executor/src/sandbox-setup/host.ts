import { StartupError } from '@runyard/shared/errors';

export type WantedLauncher = 'auto' | 'native' | 'docker';

export interface Host {
  readonly platform: string;
  readonly architecture: string;
  readonly isRoot: boolean;
}

/** Throws StartupError for a machine that no toolchain of ours is made for. */
export function requireArchitecture({ architecture }: Host): 'x64' | 'arm64' {
  if (architecture === 'x64' || architecture === 'arm64') return architecture;
  throw new StartupError(
    `The sandbox knows the architectures x64 and arm64; this machine is ${architecture}.\nStart Runyard on one of those.`,
  );
}

/**
 * Which launcher runs programs here: the wanted one, or with `auto` docker when an engine answers, else the native one.
 * `findEngine` resolves to why there is no engine, or to null. Throws StartupError with what to do next.
 */
export async function chooseLauncher(
  wanted: WantedLauncher,
  host: Host,
  findEngine: () => Promise<string | null>,
): Promise<'native' | 'docker'> {
  if (wanted === 'native') return requireNative(host, null);
  const missing = await findEngine();
  if (missing === null) return 'docker';
  if (wanted === 'auto') return requireNative(host, missing);
  throw new StartupError(
    `RUNYARD_SANDBOX=docker: no Docker engine answers (${missing}).\nStart the engine, or use RUNYARD_SANDBOX=native on Linux as root.`,
  );
}

function requireNative(host: Host, missingEngine: string | null): 'native' {
  const noEngine = missingEngine === null ? '' : ` and no Docker engine answers (${missingEngine})`;
  if (host.platform !== 'linux') {
    throw new StartupError(
      `The native sandbox needs Linux; this is ${host.platform}${noEngine}.\nStart Runyard on a Linux machine, a virtual one included, or beside a Docker engine.`,
    );
  }
  if (!host.isRoot) {
    throw new StartupError(
      `The native sandbox needs root to keep programs in their limits${noEngine}.\nStart it again as root (sudo npm start), or start a Docker engine that you may use.`,
    );
  }
  return 'native';
}

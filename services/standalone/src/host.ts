import { StartupError } from '@runyard/shared/errors';
import type { ServerConfig } from './config.ts';

/** What the native sandbox needs of the host before anything is set up. Throws StartupError: what is missing, and what to do. */
export function requireSandboxHost(
  { sandbox }: Pick<ServerConfig, 'sandbox'>,
  host: { readonly platform: string; readonly architecture: string; readonly isRoot: boolean },
): 'x64' | 'arm64' {
  if (sandbox === 'docker') {
    throw new StartupError(
      'RUNYARD_SANDBOX=docker: the docker sandbox is not part of this version yet.\nUse RUNYARD_SANDBOX=native on Linux as root, or leave the variable unset.',
    );
  }
  if (host.platform !== 'linux') {
    throw new StartupError(
      `Programs can only be isolated on Linux; this is ${host.platform}.\nStart Runyard on a Linux machine, a virtual one included.`,
    );
  }
  if (!host.isRoot) {
    throw new StartupError(
      'The native sandbox needs root: it makes namespaces and control groups that keep programs in their limits.\nStart it again as root, for example with: sudo npm start',
    );
  }
  if (host.architecture !== 'x64' && host.architecture !== 'arm64') {
    throw new StartupError(
      `The sandbox knows the architectures x64 and arm64; this machine is ${host.architecture}.\nStart Runyard on one of those.`,
    );
  }
  return host.architecture;
}

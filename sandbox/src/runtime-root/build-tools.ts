import { access, constants, readFile } from 'node:fs/promises';
import path from 'node:path';
import { hasSuiteKeys } from './apt-host.ts';
import { runCommand } from './command.ts';
import { SUITE } from './recipe.ts';
import { RuntimeRootError } from './runtime-root-error.ts';

/** Each is in the Debian package of its name. What else is called here is in packages that every Debian has. */
const PROGRAMS = ['mmdebstrap', 'mount'];

export interface BuildToolsOptions {
  readonly mayInstall: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly announce: (message: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Makes sure that this machine can build a root: root, a host with apt, the programs and the keys of the suite. */
export async function ensureBuildTools(options: BuildToolsOptions): Promise<void> {
  await requireHost(options.environment);
  const missing = await missingPackages(options.environment);
  if (missing.length === 0) return;
  const commands = [
    ['apt-get', 'update'],
    ['apt-get', 'install', '-y', '--no-install-recommends', ...missing],
  ];
  if (!options.mayInstall) {
    const lines = commands.map((command) => `  ${command.join(' ')}`);
    const message = `the runtime root is built with ${missing.join(' and ')}, which this host lacks; as root run:`;
    throw new RuntimeRootError('missing_tool', [message, ...lines].join('\n'));
  }
  for (const command of commands) {
    options.announce(command.join(' '));
    const task = `installing ${missing.join(' and ')}`;
    await runCommand(command, { task, environment: options.environment, signal: options.signal });
  }
  if (!(await hasSuiteKeys(SUITE))) throw new RuntimeRootError('unsupported_host', keysAreTooOld());
}

/** Absolute path of a program, or null. */
export async function findProgram(name: string, searchPath: string): Promise<string | null> {
  for (const directory of searchPath.split(':')) {
    const file = path.join(directory, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere && path.isAbsolute(file)) return file;
  }
  return null;
}

async function requireHost(environment: Readonly<Record<string, string>>): Promise<void> {
  if (process.platform !== 'linux') {
    throw new RuntimeRootError('unsupported_host', `the runtime root needs Linux; this is ${process.platform}`);
  }
  if (process.getuid?.() !== 0) {
    throw new RuntimeRootError(
      'unsupported_host',
      'building the runtime root needs root; start as root or use a container engine',
    );
  }
  if ((await findProgram('apt-get', environment['PATH'] ?? '')) === null) {
    const system = await readFile('/etc/os-release', 'utf8').catch(() => '');
    const name = /^PRETTY_NAME="?([^"\n]+)/m.exec(system)?.[1] ?? 'this system';
    const message = `the runtime root is built with apt and mmdebstrap of Debian or Ubuntu; ${name} has no apt-get`;
    throw new RuntimeRootError('unsupported_host', message);
  }
}

async function missingPackages(environment: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const program of PROGRAMS) {
    if ((await findProgram(program, environment['PATH'] ?? '')) === null) missing.push(program);
  }
  return (await hasSuiteKeys(SUITE)) ? missing : [...missing, 'debian-archive-keyring'];
}

function keysAreTooOld(): string {
  return `the package debian-archive-keyring of this host is older than Debian ${SUITE}; install the one of ${SUITE}`;
}

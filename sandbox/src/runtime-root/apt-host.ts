import { access, readFile } from 'node:fs/promises';
import { type CommandOutput, runCommand } from './command.ts';

const DEFAULT_MIRROR = 'http://deb.debian.org/debian';
export const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** How this machine reaches Debian. */
export interface AptHost {
  /** Base address of a mirror, without a slash at the end. */
  readonly mirror: string;
  /** Where the host gets its own security updates from; null when it cannot be told. */
  readonly securityMirror: string | null;
  /** `Acquire::…` settings of the host (proxy, certificates, date checks) as `name "value";`, for apt inside the build. */
  readonly acquireOptions: readonly string[];
}

/** Asks the host's own apt, which understands every form of source file. */
export async function readAptHost(
  environment: Readonly<Record<string, string>>,
  mirror: string | undefined,
  signal?: AbortSignal,
): Promise<AptHost> {
  const ask = (argv: readonly string[]) =>
    runCommand(argv, { task: 'reading the settings of apt', environment, signal });
  const config = await ask(['apt-config', 'dump']);
  const acquireOptions = parseAcquireOptions(config.stdout);
  if (mirror !== undefined) return { mirror: withoutSlash(mirror), securityMirror: null, acquireOptions };
  const targets = await ask([
    'apt-get',
    'indextargets',
    '--format',
    '$(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages',
  ]);
  const codename = await hostCodename();
  return {
    mirror: parseMirror(targets, codename) ?? DEFAULT_MIRROR,
    securityMirror: codename === null ? null : parseMirror(targets, `${codename}-security`),
    acquireOptions,
  };
}

/** Whether the host's keyring can check the suite: packages of Debian releases before it cannot. */
export async function hasSuiteKeys(suite: string): Promise<boolean> {
  const files = [KEYRING, `/usr/share/keyrings/debian-archive-${suite}-automatic.gpg`];
  const found = await Promise.all(files.map(exists));
  return found.every(Boolean);
}

export function parseAcquireOptions(dump: string): readonly string[] {
  return dump.split('\n').filter((line) => /^Acquire::(http|https|Check-|Retries|ForceIPv)[\w:.-]* ".+";$/i.test(line));
}

/** The first http(s) address that serves `main` of this suite. */
export function parseMirror(targets: Pick<CommandOutput, 'stdout'>, suite: string | null): string | null {
  for (const line of targets.stdout.split('\n')) {
    const [address = '', release, component] = line.split(' ');
    if (release === suite && component === 'main' && /^https?:/.test(address)) return withoutSlash(address);
  }
  return null;
}

async function hostCodename(): Promise<string | null> {
  const text = await readFile('/etc/os-release', 'utf8');
  const isDebian = /^ID=debian$/m.test(text);
  return isDebian ? (/^VERSION_CODENAME=(\w+)$/m.exec(text)?.[1] ?? null) : null;
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '');
}

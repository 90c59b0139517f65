import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type AptHost, KEYRING } from './apt-host.ts';
import { runCommand } from './command.ts';
import { SUITE } from './recipe.ts';
import { RuntimeRootError } from './runtime-root-error.ts';

const OFFICIAL_SECURITY = 'http://deb.debian.org/debian-security';
const APT_HELPER = '/usr/lib/apt/apt-helper';

/** A mirror that does not answer shall be told in seconds; the download itself has apt's own patience. */
const QUICK = [
  'Acquire::Retries=0',
  'Acquire::http::Timeout=10',
  'Acquire::https::Timeout=10',
  // Apt's own user cannot enter the folder of the build, and apt says so at length.
  'APT::Sandbox::User=root',
].flatMap((option) => ['-o', option]);

export interface DebianSource {
  readonly mirror: string;
  readonly suite: string;
}

export interface FindSourcesOptions {
  readonly host: AptHost;
  /** Empty folder for the indexes that are fetched to try a source. */
  readonly scratchDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Where packages come from: the suite itself, and what the mirrors have of its updates and security updates. Those two are
 * tried with apt first, signature and date included: a mirror without them must not keep a root from being built.
 * Throws RuntimeRootError when the suite itself cannot be reached.
 */
export async function findSources(options: FindSourcesOptions): Promise<readonly DebianSource[]> {
  const { host } = options;
  await requireSuite(options);
  const updates = { mirror: host.mirror, suite: `${SUITE}-updates` };
  const security = securityMirrors(host).map((mirror) => ({ mirror, suite: `${SUITE}-security` }));
  const [hasUpdates = false, ...isSecure] = await Promise.all(
    [updates, ...security].map((source, index) => isServed(source, path.join(options.scratchDir, `${index}`), options)),
  );
  const best = security.find((_, index) => isSecure[index]);
  return [{ mirror: host.mirror, suite: SUITE }, ...(hasUpdates ? [updates] : []), ...(best ? [best] : [])];
}

/** As a line of sources.list. */
export function sourceLine({ mirror, suite }: DebianSource): string {
  return `deb [signed-by=${KEYRING}] ${mirror} ${suite} main`;
}

/** The host's own first, then the one that stands beside the mirror on most, then Debian's. */
export function securityMirrors({ mirror, securityMirror }: Pick<AptHost, 'mirror' | 'securityMirror'>): string[] {
  const beside = mirror.endsWith('/debian') ? [`${mirror}-security`] : [];
  return [...new Set([...(securityMirror === null ? [] : [securityMirror]), ...beside, OFFICIAL_SECURITY])];
}

async function requireSuite({ host, scratchDir, environment, signal }: FindSourcesOptions): Promise<void> {
  const { mirror } = host;
  const task = `asking for Debian ${SUITE} from ${hostOf(mirror)}`;
  const argv = [APT_HELPER, ...QUICK, 'download-file', `${mirror}/dists/${SUITE}/Release`, `${scratchDir}/Release`];
  try {
    await runCommand(argv, { task, environment, signal });
  } catch (error) {
    if (!(error instanceof RuntimeRootError) || error.code !== 'build_failed') throw error;
    const advice =
      'The toolchains are fetched once; that needs the network, or a Debian mirror that this host can reach.';
    throw new RuntimeRootError('build_failed', `${error.message}\n${advice}`, { cause: error });
  }
}

async function isServed(source: DebianSource, folder: string, options: FindSourcesOptions): Promise<boolean> {
  const { environment, signal } = options;
  await mkdir(path.join(folder, 'lists/partial'), { recursive: true });
  await writeFile(path.join(folder, 'sources.list'), `${sourceLine(source)}\n`);
  const settings = [
    `Dir::Etc::SourceList=${folder}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'Acquire::Languages=none',
    'APT::Update::Error-Mode=any',
  ].flatMap((setting) => ['-o', setting]);
  const task = `asking for Debian ${source.suite} from ${hostOf(source.mirror)}`;
  return runCommand(['apt-get', ...QUICK, ...settings, 'update'], { task, environment, signal }).then(
    () => true,
    (error: unknown) => {
      if (signal?.aborted) throw error;
      return false;
    },
  );
}

/** Without credentials that an address may carry. */
export function hostOf(mirror: string): string {
  return URL.canParse(mirror) ? new URL(mirror).host : mirror;
}

import type { SourceFolder } from '../runtime-root/source-list.ts';
import { LEASED_USERS } from '../runtime-root/name-users.ts';
import { ROOT_PATH, type RootRecipe, SUITE } from '../runtime-root/recipe.ts';

/*
 * The generated Dockerfiles. Names in them have been checked (see `checkRecipe`); commands are in the form of a JSON list, so that no shell and
 * no variable of Docker's reads them.
 */

/** Where mount points cover folders of the image, which lend them their mode (finding F4). */
const FOLDERS = { box: '0700', program: '0755', tmp: '1777' } as const;
const PLAIN_URL = /^https?:\/\/[\w.:/~-]+$/;

export interface PackagesRequest {
  readonly base: string;
  readonly packages: readonly string[];
  /** Takes the place of the sources that the base has. */
  readonly aptMirror: string | undefined;
}

/** The one build that has a network. Where the base has all packages, nothing is asked of it. */
export function packagesDockerfile({ base, packages, aptMirror }: PackagesRequest): string {
  const names = packages.join(' ');
  const install = `apt-get update && apt-get install -y --no-install-recommends ${names}`;
  const script = `dpkg -s ${names} > /dev/null 2>&1 || { ${useMirror(aptMirror)}${install}; }`;
  return lines(`FROM ${base}`, 'ARG DEBIAN_FRONTEND=noninteractive', run('sh', '-c', script));
}

function useMirror(mirror: string | undefined): string {
  if (mirror === undefined) return '';
  if (!PLAIN_URL.test(mirror)) throw new Error(`the Debian mirror ${JSON.stringify(mirror)} is not a plain address`);
  const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
  const source = `deb [signed-by=${keyring}] ${mirror} ${SUITE} main`;
  return `rm -f /etc/apt/sources.list.d/*; echo '${source}' > /etc/apt/sources.list; `;
}

/** Without network: files, npm packages, what the recipe prepares, and the same finish that a runtime root gets. */
export function runtimeDockerfile(base: string, recipe: RootRecipe, hasNpm: boolean): string {
  const environment = [`PATH=${ROOT_PATH}`, 'HOME=/tmp', 'LANG=C.UTF-8', 'TMPDIR=/tmp'];
  const enter = ['/usr/bin/env', '-i', '--chdir=/tmp', ...environment];
  return lines(
    `FROM ${base}`,
    'USER 0:0',
    ...(hasNpm ? ['COPY npm /opt/runyard/npm'] : []),
    'COPY files /',
    ...recipe.prepare.map((command) => run(...enter, ...command)),
    run('sh', '-c', finish()),
  );
}

function finish(): string {
  const { first, last, name, home } = LEASED_USERS;
  const emptied = ['/tmp', '/var/tmp', '/var/log', '/var/cache/apt', '/var/lib/apt/lists', '/root', '/etc/apt', '/run'];
  const users = (file: string, entry: string): string =>
    `sed -i '/^${name}:/d' ${file} && seq ${first} ${last} | sed 's|.*|${entry}|' >> ${file}`;
  return [
    `find ${emptied.join(' ')} -mindepth 1 -delete 2> /dev/null || true`,
    users('/etc/passwd', `${name}:x:\\&:\\&::${home}:/bin/sh`.replaceAll('\\&', '&')),
    users('/etc/group', `${name}:x:&:`),
    'mkdir -p /opt/runyard && chmod -R a+rX /opt',
    "find / -xdev -perm /6000 ! -type l -exec chmod ug-s '{}' +",
    ...Object.entries(FOLDERS).map(([folder, mode]) => `mkdir -p /${folder} && chmod ${mode} /${folder}`),
  ].join('\n');
}

/** One layer more: the supervisor, compiled by the image's own compiler, and what its toolchains call themselves. */
export function supervisorDockerfile(
  base: string,
  sources: SourceFolder,
  labels: Readonly<Record<string, string>>,
): string {
  const inputs = (sources.list.binaries['supervisor'] ?? []).map((source) => `/opt/runyard/src/${source}`);
  const compile = ['gcc', ...sources.list.flags, '-o', '/opt/runyard/supervisor', ...inputs];
  return lines(
    `FROM ${base}`,
    'USER 0:0',
    'COPY supervisor /opt/runyard/src',
    run(...compile),
    run('rm', '-r', '/opt/runyard/src'),
    ...Object.entries(labels).map(([name, value]) => `LABEL ${name}=${value}`),
    'ENTRYPOINT ["/opt/runyard/supervisor"]',
  );
}

/** An image that is not ours gets the supervisor and the mount points, nothing else. */
export function ownImageDockerfile(
  image: { readonly base: string; readonly compiler: string; readonly hasCompiler: boolean },
  sources: SourceFolder,
): string {
  const inputs = (sources.list.binaries['supervisor'] ?? []).map((source) => `/opt/runyard/src/${source}`);
  const install = 'apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev';
  const folders = Object.entries(FOLDERS).map(([folder, mode]) => `mkdir -p /${folder} && chmod ${mode} /${folder}`);
  return lines(
    `FROM ${image.compiler} AS compiler`,
    'USER 0:0',
    ...(image.hasCompiler ? [] : [run('sh', '-c', install)]),
    'COPY supervisor /opt/runyard/src',
    run('gcc', ...sources.list.flags, '-o', '/opt/runyard/supervisor', ...inputs),
    `FROM ${image.base}`,
    'USER 0:0',
    'COPY --from=compiler /opt/runyard/supervisor /opt/runyard/supervisor',
    run('sh', '-c', folders.join(' && ')),
    'ENTRYPOINT ["/opt/runyard/supervisor"]',
  );
}

function run(...argv: readonly string[]): string {
  return `RUN ${JSON.stringify(argv)}`;
}

function lines(...all: readonly string[]): string {
  return `${all.join('\n')}\n`;
}

import { runCommand } from './command.ts';
import { type DebianSource, hostOf, sourceLine } from './debian-sources.ts';
import { SUITE } from './recipe.ts';

export interface InstallDebianOptions {
  readonly packages: readonly string[];
  readonly target: string;
  /** The suite itself comes first. */
  readonly sources: readonly DebianSource[];
  /** See `AptHost`. */
  readonly acquireOptions: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Documentation is half of all files of some packages; licences stay because images of the root are passed on. */
const DPKG_OPTIONS = [
  'force-unsafe-io',
  'path-exclude=/usr/share/man/*/*',
  'path-exclude=/usr/share/doc/*',
  'path-include=/usr/share/doc/*/copyright',
  'path-exclude=/usr/share/info/*',
  'path-exclude=/usr/share/locale/*',
  'path-exclude=/usr/share/lintian/*',
];

/** Fills `target` with the essential packages of the suite and the given ones, without recommended ones and without apt. */
export async function installDebian(options: InstallDebianOptions): Promise<void> {
  const argv = [
    'mmdebstrap',
    '--mode=root',
    '--format=directory',
    '--variant=essential',
    `--include=${options.packages.join(',')}`,
    ...DPKG_OPTIONS.map((option) => `--dpkgopt=${option}`),
    ...options.acquireOptions.map((option) => `--aptopt=${option}`),
    SUITE,
    options.target,
    ...options.sources.map(sourceLine),
  ];
  const { environment, signal } = options;
  const onLine = (line: string) => {
    if (line.startsWith('I: ')) options.onLine(line.slice(3));
  };
  await runCommand(argv, {
    task: `installing Debian packages from ${hostOf(options.sources[0]?.mirror ?? '')}`,
    environment,
    onLine,
    signal,
  });
}

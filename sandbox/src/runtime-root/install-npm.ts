import { access, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findProgram } from './build-tools.ts';
import { runCommand } from './command.ts';
import { RuntimeRootError } from './runtime-root-error.ts';

export interface InstallNpmOptions {
  /** Exact versions by name. */
  readonly packages: Readonly<Record<string, string>>;
  /** Gets `node_modules`. */
  readonly target: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Installs without running any script of any package. */
export async function installNpm(options: InstallNpmOptions): Promise<void> {
  const names = Object.keys(options.packages);
  if (names.length === 0) return;
  const npm = await findNpm(options.environment['PATH'] ?? '');
  await mkdir(options.target, { recursive: true });
  await writeFile(path.join(options.target, 'package.json'), '{"private":true}\n');
  const argv = [
    ...npm,
    'install',
    `--prefix=${options.target}`,
    '--ignore-scripts',
    '--no-save',
    '--no-package-lock',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--loglevel=error',
    ...names.map((name) => `${name}@${options.packages[name] ?? ''}`),
  ];
  const { environment, signal } = options;
  await runCommand(argv, { task: 'installing npm packages', environment, cwd: options.target, signal });
}

/** The npm that belongs to the running Node, else the one of the system. */
async function findNpm(searchPath: string): Promise<readonly string[]> {
  const script = path.resolve(process.execPath, '../../lib/node_modules/npm/bin/npm-cli.js');
  const isBeside = await access(script).then(
    () => true,
    () => false,
  );
  if (isBeside) return [process.execPath, script];
  const program = await findProgram('npm', searchPath);
  if (program !== null) return [program];
  throw new RuntimeRootError(
    'missing_tool',
    'npm is needed to install toolchains; as root run:\n  apt-get install -y npm',
  );
}

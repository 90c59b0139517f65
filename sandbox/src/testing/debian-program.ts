import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasSuiteKeys, KEYRING, readAptHost } from '../runtime-root/apt-host.ts';
import { toolEnvironment } from '../runtime-root/child-environment.ts';
import { SUITE } from '../runtime-root/recipe.ts';

/** A program of a Debian package that needs nothing else of it. */
export interface DebianProgram {
  readonly name: string;
  readonly packageName: string;
  /** Within the package. */
  readonly path: string;
}

/** gVisor's runtime: one static file of 7 MB. */
export const RUNSC: DebianProgram = { name: 'runsc', packageName: 'runsc', path: 'usr/bin/runsc' };
/** The command line's plugin: 13 MB, of the suite's C library alone. */
export const DOCKER_COMPOSE: DebianProgram = {
  name: 'docker-compose',
  packageName: 'docker-compose',
  path: 'usr/libexec/docker/cli-plugins/docker-compose',
};

/**
 * The program in PATH, else from Debian's own package, signature checked by apt, in `<cacheDir>/tools/<name>`. It is taken out
 * of the package and nothing is installed. Idempotent. Throws when it cannot be had, and with RUNYARD_SETUP=off when it is
 * not there yet.
 */
export async function ensureDebianProgram(cacheDir: string, program: DebianProgram): Promise<string> {
  const { name, packageName } = program;
  const found = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).stdout.trim();
  if (found !== '') return found;
  const file = join(cacheDir, 'tools', name);
  if (existsSync(file)) return file;
  if (process.env['RUNYARD_SETUP'] === 'off') {
    throw new Error(`${name} is missing: install the package ${packageName} of Debian`);
  }
  if (!(await hasSuiteKeys(SUITE))) throw new Error(`the package debian-archive-keyring is older than ${SUITE}`);
  mkdirSync(join(cacheDir, 'tools'), { recursive: true });
  const folder = mkdtempSync(join(cacheDir, 'tools/fetch-'));
  try {
    await fetchPackage(folder, packageName);
    renameSync(join(folder, 'tree', program.path), file);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchPackage(folder: string, packageName: string): Promise<void> {
  const { mirror } = await readAptHost(toolEnvironment(process.env), undefined);
  mkdirSync(join(folder, 'lists/partial'), { recursive: true });
  writeFileSync(join(folder, 'sources.list'), `deb [signed-by=${KEYRING}] ${mirror} ${SUITE} main\n`);
  const settings = [
    `Dir::Etc::SourceList=${folder}/sources.list`,
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::State::Lists=${folder}/lists`,
    `Dir::Cache=${folder}/cache`,
    'Acquire::Languages=none',
    // Its own user cannot enter the folder.
    'APT::Sandbox::User=root',
    'APT::Update::Error-Mode=any',
  ].flatMap((setting) => ['-o', setting]);
  run(folder, 'apt-get', ['-qq', ...settings, 'update']);
  run(folder, 'apt-get', ['-qq', ...settings, 'download', packageName]);
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
  run(folder, 'dpkg-deb', ['--extract', archive, 'tree']);
}

function run(cwd: string, command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} failed: ${stderr}`);
}

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasSuiteKeys, KEYRING, readAptHost } from '../runtime-root/apt-host.ts';
import { toolEnvironment } from '../runtime-root/child-environment.ts';
import { SUITE } from '../runtime-root/recipe.ts';

/**
 * The program of gVisor from Debian's own package, signature checked by apt, in `<cacheDir>/tools/runsc`. It is one static
 * file, so it is taken out of the package and nothing is installed. Idempotent; the first call fetches 7 MB. Throws when it
 * cannot be had, and with RUNYARD_SETUP=off when it is not there yet.
 */
export async function ensureRunsc(cacheDir: string): Promise<string> {
  const found = spawnSync('sh', ['-c', 'command -v runsc'], { encoding: 'utf8' }).stdout.trim();
  if (found !== '') return found;
  const file = join(cacheDir, 'tools/runsc');
  if (existsSync(file)) return file;
  if (process.env['RUNYARD_SETUP'] === 'off') throw new Error('runsc is missing: install the package runsc of Debian');
  if (!(await hasSuiteKeys(SUITE))) throw new Error(`the package debian-archive-keyring is older than ${SUITE}`);
  mkdirSync(join(cacheDir, 'tools'), { recursive: true });
  const folder = mkdtempSync(join(cacheDir, 'tools/fetch-'));
  try {
    await fetchPackage(folder);
    renameSync(join(folder, 'tree/usr/bin/runsc'), file);
    return file;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function fetchPackage(folder: string): Promise<void> {
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
  run(folder, 'apt-get', ['-qq', ...settings, 'download', 'runsc']);
  const archive = readdirSync(folder).find((name) => name.endsWith('.deb')) ?? '';
  run(folder, 'dpkg-deb', ['--extract', archive, 'tree']);
}

function run(cwd: string, command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} could not get runsc: ${stderr}`);
}

import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ensureRuntimeRoot,
  ensureSandboxBinaries,
  type RootRecipe,
  type RuntimeRoot,
  type SetupProgress,
} from '../src/runtime-root/index.ts';
import { recipeId } from '../src/runtime-root/recipe.ts';
import { runInRoot } from '../src/runtime-root/root-shell.ts';
import { removeTree } from '../src/runtime-root/tree-files.ts';

/** Small, yet with every part that a root has. */
const RECIPE: RootRecipe = {
  debianPackages: ['mawk'],
  npmPackages: { ms: '2.1.3' },
  files: { 'opt/runyard/tool/word': 'prepared' },
  prepare: [
    [
      'sh',
      '-c',
      'cat /opt/runyard/tool/word > /etc/prepared && echo leftover > /tmp/leftover && chmod u+s /usr/bin/mawk',
    ],
  ],
  versionCommands: { compiler: ['gcc', '--version'], node: ['sh', '-c', 'echo on stderr >&2'] },
};
const ID = recipeId(RECIPE, process.arch);

let cacheDir = '';

beforeAll(async () => {
  // Servers are started with such masks; the tree must not show it.
  process.umask(0o077);
  cacheDir = await mkdtemp(path.join(tmpdir(), 'runyard-root-'));
});

afterAll(() => removeTree(cacheDir));

describe('a root in the making', () => {
  it('leaves nothing that counts when its builder is killed', async () => {
    await killWhen('extracting');
    await allGone();
    expect(await entries('roots')).toEqual([]);
    expect(await readFile('/proc/self/mounts', 'utf8')).not.toContain(cacheDir);
  });

  it('fails with the words of apt, and leaves nothing', async () => {
    const building = ensureRuntimeRoot(RECIPE, { ...options(), aptMirror: 'http://127.0.0.1:9/debian/' });
    await expect(building).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringMatching(/from 127\.0\.0\.1:9 failed[^]*Could not connect to 127\.0\.0\.1:9/) as string,
    });
    expect(await entries('building')).toEqual([]);
  });

  it('stops when told to', async () => {
    const stop = new AbortController();
    const building = ensureRuntimeRoot(RECIPE, {
      ...options(),
      signal: stop.signal,
      progress: (event) => {
        if (event.phase === 'packages') stop.abort();
      },
    });
    await expect(building).rejects.toMatchObject({ code: 'aborted' });
    expect(await entries('roots')).toEqual([]);
  });

  it('says what to install when it may not install it', async () => {
    const bin = path.join(cacheDir, 'apt-only');
    await mkdir(bin);
    await symlink('/usr/bin/apt-get', path.join(bin, 'apt-get'));
    const building = ensureRuntimeRoot(RECIPE, { ...options(), mayInstall: false, environment: { PATH: bin } });
    await expect(building).rejects.toMatchObject({
      code: 'missing_tool',
      message: expect.stringMatching(
        / {2}apt-get update\n {2}apt-get install -y --no-install-recommends mmdebstrap/,
      ) as string,
    });
  });
});

describe('a finished root', () => {
  let root: RuntimeRoot;
  let other: RuntimeRoot;
  const heard: [SetupProgress[], SetupProgress[]] = [[], []];

  beforeAll(async () => {
    // A tree without a manifest, as a power failure between the two may leave it.
    await mkdir(path.join(cacheDir, 'roots', ID, 'half'), { recursive: true });
    [root, other] = await Promise.all([ensureHeard(heard[0]), ensureHeard(heard[1])]);
  });

  it('was built once by the one of two, while the other was told that it waits', () => {
    expect(other).toEqual(root);
    const phases = heard.map((events) => events.map((event) => event.phase));
    expect(phases.filter((names) => names.includes('waiting'))).toHaveLength(1);
    expect(phases.filter((names) => names.includes('packages') && names.at(-1) === 'done')).toHaveLength(1);
  });

  it('replaced the tree without a manifest and left no work folder', async () => {
    expect((await entries('roots')).toSorted()).toEqual([ID, `${ID}.json`]);
    expect(await readdir(root.dir)).not.toContain('half');
    expect(await entries('building')).toEqual([]);
  });

  it('is described by its manifest', () => {
    expect(root.manifest).toMatchObject({
      id: ID,
      suite: 'trixie',
      architecture: process.arch,
      npmPackages: { ms: '2.1.3' },
    });
    expect(root.manifest.toolchains['compiler']).toMatch(/^gcc \(Debian 14\.\d/);
    expect(root.manifest.toolchains['node']).toBe('on stderr');
    expect(root.manifest.debianPackages['mawk']).toMatch(/^1\.3/);
    expect(root.manifest.sizeBytes).toBeGreaterThan(100 * 1024 * 1024);
  });

  it('is found again at once, without network or tools', async () => {
    const again = await ensureRuntimeRoot(RECIPE, { cacheDir, mayInstall: false, environment: { PATH: '/nowhere' } });
    expect(again).toEqual(root);
  });

  it('holds no file that gives rights', async () => {
    expect(await inside(['find', '/', '-xdev', '-perm', '/6000', '!', '-path', '/tmp', '-print'])).toBe('');
  });

  it('can be read by every user', async () => {
    const places = ['/usr', '/opt', '/box', '/program', '/etc/hosts', '/etc/prepared'];
    expect(await inside(['find', ...places, '!', '-type', 'l', '!', '-perm', '-o=r'])).toBe('');
  });

  it('has what programs expect, and no word of the host', async () => {
    expect(await inside(['getent', 'hosts', 'localhost'])).toMatch(/^(::1|127\.0\.0\.1)\s+localhost/);
    expect(await readFile(path.join(root.dir, 'etc/resolv.conf'), 'utf8')).toBe('');
    expect(await readFile(path.join(root.dir, 'etc/hostname'), 'utf8')).toBe('runyard\n');
    expect(await readFile(path.join(root.dir, 'etc/prepared'), 'utf8')).toBe('prepared');
    expect(await readFile(path.join(root.dir, 'opt/runyard/npm/node_modules/ms/package.json'), 'utf8')).toContain(
      '2.1.3',
    );
    for (const folder of ['box', 'program', 'tmp', 'dev', 'proc', 'sys', 'var/lib/apt/lists', 'etc/apt']) {
      expect(await readdir(path.join(root.dir, folder))).toEqual([]);
    }
    expect((await stat(path.join(root.dir, 'tmp'))).mode & 0o7777).toBe(0o1777);
  });

  it('cannot be changed, or reach a network, by a command that only looks', async () => {
    await expect(inside(['touch', '/etc/new'])).rejects.toThrow('Read-only file system');
    expect(await inside(['sh', '-c', 'cat /proc/net/dev | tail -n +3 | cut -d: -f1'])).toBe('lo');
  });

  it('compiles our programs once, and stays as it was', async () => {
    const sources = await sourceFolder('int main(void) { return 7; }\n');
    const before = await inside(['find', '/', '-xdev', '-newer', '/etc/prepared', '-type', 'f']);
    const events: string[] = [];
    const request = {
      root,
      cacheDir,
      sourceDirs: [sources],
      progress: (event: SetupProgress) => void events.push(event.phase),
    };
    const binaries = await ensureSandboxBinaries(request);
    expect(await exitCodeOf(binaries.launcherPath)).toBe(7);
    expect(await ensureSandboxBinaries(request)).toEqual(binaries);
    expect(events).toEqual(['binaries']);
    expect(await inside(['find', '/', '-xdev', '-newer', '/etc/prepared', '-type', 'f'])).toBe(before);
    await writeFile(path.join(sources, 'a.h'), '/* changed */\n');
    expect((await ensureSandboxBinaries(request)).dir).not.toBe(binaries.dir);
  });

  it('tells what the compiler said', async () => {
    const sourceDirs = [await sourceFolder('int main(void) { return missing; }\n')];
    const compiling = ensureSandboxBinaries({ root, cacheDir, sourceDirs });
    await expect(compiling).rejects.toMatchObject({
      code: 'build_failed',
      message: expect.stringMatching(/'missing' undeclared|‘missing’ undeclared/) as string,
    });
    expect(await entries('building')).toEqual([]);
  });

  async function inside(argv: readonly string[]): Promise<string> {
    const output = await runInRoot(argv, { task: 'looking', dir: root.dir, access: 'read-only' });
    return output.stdout.trim();
  }
});

function options() {
  return { cacheDir, mayInstall: true, environment: process.env };
}

function ensureHeard(events: SetupProgress[]): Promise<RuntimeRoot> {
  return ensureRuntimeRoot(RECIPE, { ...options(), progress: (event) => void events.push(event) });
}

async function entries(folder: string): Promise<readonly string[]> {
  return readdir(path.join(cacheDir, folder));
}

/** Builds in a process of its own and kills it with SIGKILL when a progress message contains the word. */
async function killWhen(word: string): Promise<void> {
  const program = [
    `import { ensureRuntimeRoot } from ${JSON.stringify(path.resolve(import.meta.dirname, '../src/runtime-root/index.ts'))};`,
    `const progress = (event) => process.stdout.write(event.message + '\\n');`,
    `await ensureRuntimeRoot(${JSON.stringify(RECIPE)}, { ...${JSON.stringify({ cacheDir, mayInstall: true })}, environment: process.env, progress });`,
  ].join('\n');
  const builder = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => builder.once('exit', (code, signal) => resolve(signal ?? code)));
  builder.stdout.on('data', (chunk: Buffer) => {
    if (chunk.includes(word)) builder.kill('SIGKILL');
  });
  expect(await ended).toBe('SIGKILL');
}

/** Waits until no process has a file or its working directory below the cache folder (the kernel takes a moment to kill them). */
async function allGone(): Promise<void> {
  for (const until = Date.now() + 10_000; Date.now() < until;) {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const busy = await Promise.all(pids.map(isBusy));
    if (!busy.includes(true)) return;
  }
  throw new Error('processes of the killed builder are still there');
}

async function isBusy(pid: string): Promise<boolean> {
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return cwd.startsWith(cacheDir) || (pid !== String(process.pid) && command.includes(cacheDir));
}

async function sourceFolder(program: string): Promise<string> {
  const folder = path.join(await mkdtemp(path.join(cacheDir, 'sources-')), 'programs');
  await mkdir(folder);
  const list = 'flags: -std=c17 -static -Wall\nsupervisor: a.c\nlauncher: a.c\nframe-echo: a.c\n';
  await writeFile(path.join(folder, 'sources.txt'), list);
  await writeFile(path.join(folder, 'a.h'), '\n');
  await writeFile(path.join(folder, 'a.c'), `#include "a.h"\n${program}`);
  return folder;
}

function exitCodeOf(file: string): Promise<number | null> {
  return new Promise((resolve, reject) => spawn(file).once('exit', resolve).once('error', reject));
}

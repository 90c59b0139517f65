import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TEST_LAUNCHER, testRoot } from '../src/testing/start-test-sandbox.ts';

/*
 * Version 2 of control groups, on a folder that looks like one: the very functions of launcher and PID 1, in programs that are
 * made for this. What only a kernel can do (memory.peak of one descriptor, cgroup.kill, being cloned into a group) is not here.
 */

const run = promisify(execFile);
let binDir = '';
let folder = '';

beforeAll(async () => {
  binDir = (await testRoot()).binaries.dir;
});

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'runyard-cgroup2-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function files(content: Readonly<Record<string, string>>, under = ''): void {
  mkdirSync(path.join(folder, under), { recursive: true });
  for (const [name, text] of Object.entries(content)) writeFileSync(path.join(folder, under, name), text);
}

const contentOf = (name: string): string => readFileSync(path.join(folder, name), 'utf8');

async function trial(program: 'cgroup2-trial' | 'cgroup-trial', ...args: readonly string[]): Promise<string> {
  return (await run(path.join(binDir, program), [folder, ...args], { env: {} })).stdout.trimEnd();
}

/** Empty, since a file that is written to keeps what is behind, which a control file does not. */
const LIMIT_FILES = { 'memory.max': '', 'memory.swap.max': '', 'pids.max': '', 'cpu.max': '' };
const USAGE_FILES = {
  'memory.current': '1000000\n',
  'memory.peak': '73400320\n',
  'memory.events': 'low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 9\n',
  'memory.stat': 'anon 5\nfile 7\nactive_file 4096\ninactive_file 8192\n',
  'cpu.stat': 'usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\n',
  'pids.peak': '17\n',
};

describe.runIf(TEST_LAUNCHER === 'native')('the launcher, version 2', () => {
  test('sets every limit, no swap, and the quota in microseconds', async () => {
    files(LIMIT_FILES);
    expect(await trial('cgroup2-trial', 'limits', '67108864', '32', '1500')).toBe('set');
    const written = Object.keys(LIMIT_FILES).map((name) => [name, contentOf(name)]);
    expect(Object.fromEntries(written)).toEqual({
      'memory.max': '67108864',
      'memory.swap.max': '0',
      'pids.max': '33',
      'cpu.max': '150000 100000',
    });
  });

  test('names the limit that cannot be set', async () => {
    files({ 'memory.max': '' });
    expect(await trial('cgroup2-trial', 'limits', '67108864', '32', '1000')).toBe('processes (pids.max)');
  });

  test('reads what a sandbox used: kills of it and not of its group, microseconds, bytes', async () => {
    files(USAGE_FILES);
    expect(await trial('cgroup2-trial', 'usage')).toBe('2 73400320 1234567 17');
  });

  test('says 0, which means unknown, where a kernel has no peaks', async () => {
    files({ 'memory.events': 'oom_kill 0\n', 'cpu.stat': 'usage_usec 5\n' });
    expect(await trial('cgroup2-trial', 'usage')).toBe('0 0 5 0');
  });

  test('kills the whole group by one write', async () => {
    files({ 'cgroup.kill': '' });
    await trial('cgroup2-trial', 'kill');
    expect(contentOf('cgroup.kill')).toBe('1');
  });

  test('refuses a kernel that cannot kill a group', async () => {
    files({ 'memory.events': '', 'cpu.stat': '' });
    const refusal = run(path.join(binDir, 'cgroup2-trial'), [folder, 'require']);
    await expect(refusal).rejects.toMatchObject({
      code: 78,
      stdout: 'refused cannot enforce limits: this kernel has no cgroup.kill (Linux 5.14 or later is needed)\n',
    });
  });

  test('shares out the controllers of the root, and of runyard below it', async () => {
    files({ 'cgroup.subtree_control': '', 'cgroup.procs': '' });
    files({ 'cgroup.subtree_control': '' }, 'runyard');
    expect(await trial('cgroup2-trial', 'runyard', '/system.slice/x.service')).toBe('open');
    expect([contentOf('cgroup.subtree_control'), contentOf('runyard/cgroup.subtree_control')]).toEqual([
      '+memory +pids +cpu',
      '+memory +pids +cpu',
    ]);
  });

  test('tells which step failed', async () => {
    expect(await trial('cgroup2-trial', 'runyard', '/')).toBe(
      'share out memory, pids and cpu (cgroup.subtree_control): No such file or directory',
    );
  });
});

/** Where a real tree is mounted, with controllers or without. */
const REAL_TREE = readFileSync('/proc/mounts', 'utf8')
  .split('\n')
  .map((line) => line.split(' '))
  .find(([, , type]) => type === 'cgroup2')?.[1];

describe.runIf(TEST_LAUNCHER === 'native' && REAL_TREE !== undefined)('a real tree of version 2', () => {
  test('kills what is in a group, whatever it does', async () => {
    const group = path.join(REAL_TREE ?? '', `runyard-test-${process.pid}`);
    const program = spawn('sh', ['-c', 'trap "" TERM INT HUP; echo here; while :; do sleep 5; done'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(program.stdout, 'data');
      mkdirSync(group);
      writeFileSync(path.join(group, 'cgroup.procs'), String(program.pid));
      const ended = once(program, 'exit');
      await run(path.join(binDir, 'cgroup2-trial'), [group, 'kill']);
      expect(await ended).toEqual([null, 'SIGKILL']);
    } finally {
      program.kill('SIGKILL');
      rmdirSync(group);
    }
  });
});

describe.runIf(TEST_LAUNCHER === 'native')('PID 1, version 2', () => {
  test('limits a step and restarts the peak', async () => {
    files({ ...LIMIT_FILES, ...USAGE_FILES });
    expect(await trial('cgroup-trial', 'limit', '33554432', '9')).toBe('set restarted');
    expect(['memory.max', 'memory.swap.max', 'pids.max'].map((name) => contentOf(name))).toEqual([
      '33554432',
      '0',
      '9',
    ]);
  });

  test('does not kill by a limit below what is in use: it asks for memory back, then says so', async () => {
    files({ ...LIMIT_FILES, ...USAGE_FILES, 'memory.current': '50000000\n', 'memory.reclaim': '' });
    expect(await trial('cgroup-trial', 'limit', '33554432', '9')).toBe('Device or resource busy not restarted');
    expect([contentOf('memory.reclaim'), contentOf('memory.max')]).toEqual(['16445568', '']);
  });

  test('works without swap, peaks and reclaim', async () => {
    const { 'memory.swap.max': _swap, ...limits } = LIMIT_FILES;
    const { 'memory.peak': _peak, ...usage } = USAGE_FILES;
    files({ ...limits, ...usage });
    expect(await trial('cgroup-trial', 'limit', '33554432', '9')).toBe('set not restarted');
  });

  test('reads its usage: ns, bytes, clean pages, kills, tasks', async () => {
    files({ ...LIMIT_FILES, ...USAGE_FILES });
    expect(await trial('cgroup-trial', 'usage')).toBe('1234567000 73400320 12288 2 17');
  });
});

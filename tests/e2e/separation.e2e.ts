/**
 * The server has given root's rights up: what is left of them, what somebody who has taken it over can reach, and that it
 * works all the same (docs/adr/0008). The sentences of that page are the names of these tests.
 */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startEngine, type TestEngine } from '../support/engine.ts';
import { expectNextJobFine } from '../support/language-suite.ts';
import { makeDataDir, PROJECT_DIR, startAndEnd, TestServer } from '../support/server.ts';

const INTRUDER = path.join(PROJECT_DIR, 'tests/support/intruder.mjs');
const USER = 210_000;
const LANGUAGES = { RUNYARD_LANGUAGES: 'bash,python' };
const SLEEPER = { language: 'bash', code: 'echo begun; sleep 30' };

let folder: string;
let node: string;
const folders: string[] = [];

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'runyard-intruder-'));
  chmodSync(folder, 0o755);
  node = path.join(folder, 'node');
  // The checkout may be closed to others.
  copyFileSync(process.execPath, node);
});

afterAll(() => rmSync(folder, { recursive: true }));

afterEach(() => {
  for (const left of folders.splice(0)) rmSync(left, { recursive: true, force: true });
});

function status(pid: number | string): Record<string, string> {
  const lines = readFileSync(`/proc/${pid}/status`, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(':\t') as [string, string]));
}

function sessionOf(pid: number): string | undefined {
  return readFileSync(`/proc/${pid}/stat`, 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ')[3];
}

function childrenOf(pid: number): number[] {
  const tasks = readdirSync(`/proc/${pid}/task`);
  const words = tasks.map((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8'));
  return words.join(' ').split(/\s+/).filter(Boolean).map(Number);
}

function programOf(pid: number): string {
  return path.basename(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')[0] ?? '');
}

/** Keeper and launcher of a server. */
function privilegedOf(server: TestServer): { keeper: number; launcher: number } {
  const keeper = childrenOf(server.pid).find((pid) => programOf(pid) === 'keeper') ?? 0;
  return { keeper, launcher: childrenOf(keeper)[0] ?? 0 };
}

function socketOf(ownerId: string): string {
  return `/run/runyard/for-${USER}/${ownerId}.sock`;
}

/** A process of another program, but of the server's user and rights. */
function intrude(request: Record<string, unknown>, user = USER): Record<string, string> {
  const rights = [`--reuid=${user}`, `--regid=${user}`, '--clear-groups', '--no-new-privs'];
  const args = [...rights, node, '--input-type=module', '-', JSON.stringify(request)];
  const { stdout, stderr } = spawnSync('setpriv', args, { input: readFileSync(INTRUDER), encoding: 'utf8', cwd: '/' });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, string>;
}

function expectNoRights(pid: number): void {
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    expect(status(`${pid}/task/${thread}`)).toMatchObject({
      Uid: `${USER}\t${USER}\t${USER}\t${USER}`,
      Gid: `${USER}\t${USER}\t${USER}\t${USER}`,
      Groups: ' ',
      CapInh: '0000000000000000',
      CapPrm: '0000000000000000',
      CapEff: '0000000000000000',
      CapAmb: '0000000000000000',
      NoNewPrivs: '1',
    });
  }
}

const DENIED = expect.stringMatching(/^(EPERM|EACCES|EROFS)$/) as string;

describe.each(['native', 'docker'] as const)('%s', (kind) => {
  let engine: TestEngine | null = null;
  let server: TestServer;
  let facts: { ownerId: string; runtimeRoot: string };

  beforeAll(async () => {
    engine = kind === 'docker' ? await startEngine() : null;
    const host = engine === null ? {} : { DOCKER_HOST: `unix://${engine.socketPath}` };
    server = await TestServer.start({ env: { ...LANGUAGES, RUNYARD_SANDBOX: kind, ...host } });
    facts = await server.client.get('/version');
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await engine?.[Symbol.asyncDispose]();
  });

  test('the server is another user, in no group, without a capability, in every thread', () => {
    expect(server.output).toContain(`as 210000 (210000:210000)`);
    expectNoRights(server.pid);
  });

  test('the launcher and its keeper are root, and not of the session of the server', () => {
    const { keeper, launcher } = privilegedOf(server);
    expect(status(keeper)['Uid']).toBe('0\t0\t0\t0');
    expect(status(launcher)['Uid']).toBe('0\t0\t0\t0');
    expect(sessionOf(keeper)).not.toBe(sessionOf(server.pid));
  });

  test('the server holds no descriptor of the engine, of a device, or of a file that is not its own', () => {
    const targets = readdirSync(`/proc/${server.pid}/fd`).map((fd) => readlinkSync(`/proc/${server.pid}/fd/${fd}`));
    const files = targets.filter((target) => target.startsWith('/') && target !== '/dev/null');
    const own = [
      server.dataDir,
      '/var/cache/runyard/in-use/',
      process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard',
    ];
    expect(files.filter((file) => !own.some((prefix) => file.startsWith(prefix)))).toEqual([]);
  });

  test('who has taken it over can make sandboxes and touch nothing else', async () => {
    const job = await server.client.submit(SLEEPER);
    await expect.poll(() => server.client.status(job.executionId)).toMatchObject({ status: 'running' });
    const { keeper, launcher } = privilegedOf(server);
    const cacheDir = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';
    const results = intrude({
      socket: socketOf(facts.ownerId),
      pids: { keeper, launcher, init: 1 },
      dockerSocket: engine?.socketPath ?? null,
      binaries: { keeper: readlinkSync(`/proc/${keeper}/exe`), launcher: readlinkSync(`/proc/${launcher}/exe`) },
      root: path.join(cacheDir, 'roots', facts.runtimeRoot),
      dataDir: server.dataDir,
    });
    const { connect, 'own data': ownData, ...rest } = results;
    expect({ connect, ownData }).toEqual({ connect: 'done', ownData: 'done' });
    expect(rest).toEqual(Object.fromEntries(Object.keys(rest).map((name) => [name, DENIED])));
    expect(Object.keys(rest).length).toBeGreaterThanOrEqual(28);
    // And nothing of it was felt.
    expect(await server.client.status(job.executionId)).toMatchObject({ status: 'running' });
    await expectNextJobFine(server, 'python', 'print("fine")');
  });

  test('another user of the machine cannot even reach the socket', () => {
    const results = intrude(
      { socket: socketOf(facts.ownerId), pids: {}, binaries: {}, root: '/', dataDir: server.dataDir },
      210_001,
    );
    expect(results).toMatchObject({ connect: 'EACCES', 'own data': 'EACCES', 'list the sockets': 'EACCES' });
  });

  test('a launcher that is killed comes back by its keeper, and the job runs again', async () => {
    const { keeper, launcher } = privilegedOf(server);
    const job = await server.client.submit({ language: 'bash', code: 'sleep 1; echo done' });
    await expect.poll(() => server.client.status(job.executionId)).toMatchObject({ status: 'running' });
    process.kill(launcher, 'SIGKILL');
    expect(await server.client.untilFinal(job)).toMatchObject({ verdict: 'ok', stdoutPreview: 'done\n', attempt: 2 });
    expect(privilegedOf(server)).toMatchObject({ keeper });
    expect(privilegedOf(server).launcher).not.toBe(launcher);
    await expectNextJobFine(server, 'python', 'print("fine")');
  });
});

test('a server whose keeper is gone ends, so that whoever watches over it starts it again', async () => {
  await using server = await TestServer.start({ env: LANGUAGES });
  process.kill(privilegedOf(server).keeper, 'SIGKILL');
  expect(await server.exited).toEqual({ code: 1, signal: null });
  expect(server.output).toContain('The launcher of this server is gone');
});

test('the checkout may lie in a folder that others cannot enter', async () => {
  const closed = mkdtempSync(path.join(tmpdir(), 'runyard-closed-'));
  folders.push(closed);
  mkdirSync(path.join(closed, 'x'));
  expect(lstatSync(closed).mode & 0o777).toBe(0o700);
  const script =
    'mount --bind "$1" "$2" && cd "$2" && exec node_modules/.bin/node "$2/services/standalone/src/main.ts"';
  const command = ['unshare', '--mount', 'sh', '-c', script, 'sh', PROJECT_DIR, path.join(closed, 'x')] as const;
  await using server = await TestServer.start({ env: LANGUAGES, command });
  expectNoRights(server.pid);
  expect(readlinkSync(`/proc/${server.pid}/exe`)).toContain(closed);
  const { client, url } = server;
  // Whatever is read late is read now: errors, formats and paths that no start goes through.
  const answers = await Promise.all([
    fetch(`${url}/health/ready`),
    fetch(`${url}/languages/python`),
    fetch(`${url}/nothing-here`),
    fetch(`${url}/submit`, { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }),
    fetch(`${url}/submit`, { method: 'POST', body: 'x', headers: { 'content-type': 'text/csv; charset=utf-16' } }),
    fetch(`${url}/submit?language=bash&wait=5`, {
      method: 'POST',
      body: 'echo $((6*7))',
      headers: { 'content-type': 'text/plain' },
    }),
    fetch(`${url}/status?id=none`),
    fetch(`${url}/artifacts/outputs/none?sig=x`),
    fetch(`${url}/execute`, {
      method: 'POST',
      body: '{"language":"bash","code":"echo 1"}',
      headers: { 'content-type': 'application/json' },
    }),
  ]);
  expect(answers.map(({ status: code }) => code).every((code) => code < 500)).toBe(true);
  const job = await client.run({ language: 'python', code: 'import sys\nprint(sys.stdin.read())', input: 'ü' });
  expect((await client.outputOf(job.executionId)).toString()).toBe('ü\n');
  const hog = { language: 'python', code: 'x = "a" * 10**9' };
  expect(await client.run(hog)).toMatchObject({
    verdict: expect.stringMatching(/memory_limit|runtime_error/) as string,
  });
  expect(server.output).not.toMatch(/EACCES|ERR_MODULE_NOT_FOUND|internal/);
  expect(await server.end('SIGTERM')).toEqual({ code: 0, signal: null });
});

describe('the data folder', () => {
  test('of a server that was root changes hands with all that is in it, and back', async () => {
    const dataDir = makeDataDir();
    folders.push(dataDir);
    const rootEnv = { ...LANGUAGES, RUNYARD_USER: 'root' };
    const job = await (async () => {
      await using first = await TestServer.start({ dataDir, env: rootEnv });
      expect(first.output).toContain('WARNING: RUNYARD_USER=root');
      expect(status(first.pid)['Uid']).toBe('0\t0\t0\t0');
      return await first.client.run({ language: 'bash', code: 'echo kept' });
    })();
    for (const env of [LANGUAGES, rootEnv, LANGUAGES]) {
      await using next = await TestServer.start({ dataDir, env });
      expect((await next.client.outputOf(job.executionId)).toString()).toBe('kept\n');
      await expectNextJobFine(next, 'bash', 'echo fine');
    }
    expect(lstatSync(dataDir).uid).toBe(USER);
  });

  test.each<[string, (dataDir: string) => void, RegExp]>([
    [
      'a symbolic link',
      (dataDir) => symlinkSync('/etc/shadow', path.join(dataDir, 'secret')),
      /neither a file nor a folder/,
    ],
    [
      'a hard link',
      (dataDir) => {
        writeFileSync(path.join(dataDir, 'secret'), '');
        spawnSync('ln', [path.join(dataDir, 'secret'), path.join(dataDir, 'other')]);
      },
      /a second name/,
    ],
  ])('with %s in it is not given away', async (_, plant, message) => {
    const dataDir = makeDataDir();
    folders.push(dataDir);
    plant(dataDir);
    const { code, output } = await startAndEnd({ dataDir, env: LANGUAGES });
    expect(code).toBe(78);
    expect(output).toMatch(message);
  });

  test('behind a closed door is named, with what to do', async () => {
    const closed = mkdtempSync(path.join(tmpdir(), 'runyard-closed-'));
    folders.push(closed);
    const { code, output } = await startAndEnd({ dataDir: path.join(closed, 'data'), env: LANGUAGES });
    expect(code).toBe(78);
    expect(output).toMatch(/runs as 210000 .* cannot reach the data folder .*\n.*RUNYARD_USER=root/);
  });

  test('what its user put there is never opened by root', async () => {
    const dataDir = makeDataDir();
    folders.push(dataDir);
    const precious = path.join(folder, 'precious');
    writeFileSync(precious, 'mine', { mode: 0o644 });
    chownSync(dataDir, USER, USER);
    symlinkSync(precious, path.join(dataDir, 'secret'));
    spawnSync('chown', ['-h', `${USER}:${USER}`, path.join(dataDir, 'secret')]);
    const { code } = await startAndEnd({ dataDir, env: LANGUAGES });
    expect(code).toBe(78);
    expect(readFileSync(precious, 'utf8')).toBe('mine');
    expect(lstatSync(precious)).toMatchObject({ uid: 0, mode: 0o100644 });
  });
});

test.each([
  [{ RUNYARD_USER: 'no-such-user' }, /RUNYARD_USER=no-such-user: there is no such user/],
  [{ RUNYARD_USER: '200001' }, /users of programs/],
  [{ RUNYARD_USER: '210000:0' }, /root's rights, or its group's/],
  [{ PORT: '80', RUNYARD_LANGUAGES: 'bash' }, /PORT=80 is one that only root may listen at|^(?!)/],
])('%o is refused in plain words', async (env, message) => {
  const firstFree = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
  if ('PORT' in env && firstFree <= 80) return;
  const { code, output } = await startAndEnd({ env });
  expect(code).toBe(78);
  expect(output).toMatch(message);
});

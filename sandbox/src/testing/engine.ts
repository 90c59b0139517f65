import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../docker/engine.ts';
import { ensureDebianProgram, RUNSC } from './debian-program.ts';

/** Longest wait for a fresh engine to answer. It takes about two seconds on a quiet machine. */
const START_MS = 60_000;
const STOP_MS = 15_000;
/** Above every process id, so that killing it fails. */
const NO_PROCESS = 2 ** 30;
/** Data roots that may be in use at once: the engine of a whole run, those of tests that kill theirs, a second run beside it. */
const MAX_ENGINES = 6;
/** Can be chosen for a container, which then cannot be started: what a start that fails leaves is a case of the suite. */
export const BROKEN_RUNTIME = 'broken';

/** A Docker engine of the tests' own: never the host's. No bridge, no iptables; own socket, data root, exec root and pid file. */
export interface TestEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** The daemon's process id; another one after each `start`. */
  readonly pid: number;
  /** As a crash would. */
  kill(): Promise<void>;
  /** After `kill`. */
  start(): Promise<void>;
}

export interface TestEngineOptions {
  /** To have beside runc, and crun where it is installed. `runsc` is fetched once (see `debian-program.ts`). */
  readonly runtimes?: readonly 'runsc'[];
}

/**
 * Starts dockerd. The data root under `cacheDir` is kept between runs, so that images are imported once; engines that run
 * at the same time have one each. Installs Debian's docker.io when dockerd is missing, unless RUNYARD_SETUP=off. Throws
 * when no engine can be had.
 */
export async function startTestEngine(cacheDir: string, options: TestEngineOptions = {}): Promise<TestEngine> {
  ensureDockerd();
  const runtimes = knownRuntimes(
    options.runtimes?.includes('runsc') === true ? await ensureDebianProgram(cacheDir, RUNSC) : null,
  );
  const place = await takePlace(cacheDir);
  const engine = new Daemon(place, runtimes);
  try {
    await engine.start();
    return engine;
  } catch (error) {
    await engine[Symbol.asyncDispose]();
    throw error;
  }
}

interface EnginePlace {
  readonly dataRoot: string;
  /** Short path: a Unix socket's name has 108 bytes. */
  readonly runDir: string;
  readonly release: () => Promise<void>;
}

class Daemon implements TestEngine {
  readonly #place: EnginePlace;
  readonly #runtimes: Runtimes;
  #process: ChildProcess | null = null;

  constructor(place: EnginePlace, runtimes: Runtimes) {
    this.#place = place;
    this.#runtimes = runtimes;
  }

  get socketPath(): string {
    return join(this.#place.runDir, 'docker.sock');
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  async start(): Promise<void> {
    const { dataRoot, runDir } = this.#place;
    const logFile = join(runDir, 'dockerd.log');
    const log = openSync(logFile, 'w');
    const folders = ['--data-root', dataRoot, '--exec-root', join(runDir, 'exec'), '--pidfile', join(runDir, 'pid')];
    const network = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
    const configFile = join(runDir, 'daemon.json');
    // A file of our own, because runtimes with arguments have no flag, and the host's file is none of our business.
    writeFileSync(configFile, JSON.stringify({ runtimes: this.#runtimes }));
    const args = [...folders, ...network, `--host=unix://${this.socketPath}`, `--config-file=${configFile}`];
    rmSync(join(runDir, 'pid'), { force: true });
    // The engine ends with the process that started it, however that ends.
    const daemon = spawn('setpriv', ['--pdeathsig=TERM', 'dockerd', ...args], {
      stdio: ['ignore', log, log],
      detached: true,
    });
    closeSync(log);
    this.#process = daemon;
    try {
      await untilAnswering(daemon, this.socketPath);
    } catch (error) {
      const text = readFileSync(logFile, 'utf8').split('\n').slice(-8).join('\n');
      throw new Error(`dockerd did not start:\n${text}`, { cause: error });
    }
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
    this.#forgetContainerd();
  }

  /** The engine's own child dies with it, but where nobody reaps it, the next engine would take it for alive. */
  #forgetContainerd(): void {
    const pidFile = join(this.#place.runDir, 'exec/containerd/containerd.pid');
    try {
      process.kill(Number(readFileSync(pidFile, 'utf8')) || NO_PROCESS, 'SIGKILL');
    } catch {
      // Dead already.
    }
    rmSync(pidFile, { force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end('SIGTERM');
    this.#unmountLeftovers();
    await this.#place.release();
  }

  /** An engine that was killed takes, when it starts again, the mounts of its former life for the host's and keeps them. */
  #unmountLeftovers(): void {
    const { dataRoot, runDir } = this.#place;
    for (const mount of [dataRoot, join(runDir, 'exec/netns/default')])
      while (spawnSync('umount', ['--recursive', mount]).status === 0);
  }

  async #end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#process;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const closed = new Promise((resolve) => daemon.once('close', resolve));
    daemon.kill(signal);
    // A test may have left it stopped.
    daemon.kill('SIGCONT');
    const force = setTimeout(() => daemon.kill('SIGKILL'), STOP_MS);
    await closed;
    clearTimeout(force);
  }
}

type Runtimes = Readonly<Record<string, { readonly path: string; readonly runtimeArgs?: readonly string[] }>>;

/**
 * gVisor: `systrap` needs no virtualization; no network but its own loopback; without `--oci-seccomp` it ignores the
 * container's filter.
 */
const RUNSC_ARGUMENTS = ['--platform=systrap', '--network=none', '--oci-seccomp'];

function knownRuntimes(runsc: string | null): Runtimes {
  const crun = spawnSync('which', ['crun'], { encoding: 'utf8' }).stdout.trim();
  return {
    [BROKEN_RUNTIME]: { path: '/bin/false' },
    ...(crun === '' ? {} : { crun: { path: crun } }),
    ...(runsc === null ? {} : { runsc: { path: runsc, runtimeArgs: RUNSC_ARGUMENTS } }),
  };
}

async function untilAnswering(daemon: ChildProcess, socketPath: string): Promise<void> {
  const untilMs = performance.now() + START_MS;
  for (;;) {
    try {
      return await new Engine(socketPath).ping(1000);
    } catch (error) {
      if (daemon.exitCode !== null || performance.now() > untilMs) throw error;
      await sleep(100);
    }
  }
}

/** The first data root that nobody uses. The lock is held by a child that ends with this process. */
async function takePlace(cacheDir: string): Promise<EnginePlace> {
  for (let number = 0; number < MAX_ENGINES; number += 1) {
    const dataRoot = join(cacheDir, 'test-engine', String(number));
    const runDir = `/run/runyard/test-engine-${number}`;
    mkdirSync(dataRoot, { recursive: true });
    mkdirSync(runDir, { recursive: true });
    const release = await tryLock(join(runDir, 'lock'));
    if (release !== null) return { dataRoot, runDir, release };
  }
  throw new Error(`${MAX_ENGINES} engines of tests run already`);
}

function tryLock(file: string): Promise<(() => Promise<void>) | null> {
  return new Promise((resolve, reject) => {
    const holder = spawn('flock', ['--nonblock', file, 'sh', '-c', 'echo locked; exec cat'], {
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const closed = new Promise<void>((done) => holder.once('close', () => done()));
    holder.once('error', reject);
    holder.once('close', () => resolve(null));
    holder.stdout.once('data', () =>
      resolve(async () => {
        holder.stdin.end();
        await closed;
      }),
    );
  });
}

function ensureDockerd(): void {
  if (spawnSync('dockerd', ['--version']).status === 0) return;
  if (process.env['RUNYARD_SETUP'] === 'off') throw new Error('dockerd is missing: apt-get install docker.io');
  process.stderr.write('Installing Debian package docker.io for the docker suite …\n');
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const update = spawnSync('apt-get', ['update', '-qq'], { env: environment });
  const install = spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'docker.io'], {
    env: environment,
  });
  if (update.status !== 0 || install.status !== 0)
    throw new Error(`apt-get could not install docker.io: ${String(install.stderr)}`);
}

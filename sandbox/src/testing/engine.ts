import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from '../docker/engine.ts';

/** Longest wait for a fresh engine to answer. It takes about two seconds on a quiet machine. */
const START_MS = 60_000;

/** A Docker engine of the tests' own: never the host's. No bridge, no iptables; own socket, data root, exec root and pid file. */
export interface TestEngine extends AsyncDisposable {
  readonly socketPath: string;
  /** The daemon's process id, for tests that stop or kill it. */
  readonly pid: number;
}

/**
 * Starts dockerd. The data root under `cacheDir` is kept between runs, so that images are imported once. Installs Debian's
 * docker.io when dockerd is missing, unless RUNYARD_SETUP=off. Throws when no engine can be had.
 */
export async function startTestEngine(cacheDir: string): Promise<TestEngine> {
  ensureDockerd();
  const dataRoot = join(cacheDir, 'test-engine');
  mkdirSync(dataRoot, { recursive: true });
  mkdirSync('/run/runyard', { recursive: true });
  // Short path: a Unix socket's name has 108 bytes.
  const runDir = mkdtempSync('/run/runyard/engine-');
  const socketPath = join(runDir, 'docker.sock');
  const log = openSync(join(runDir, 'dockerd.log'), 'w');
  const args = [
    '--data-root',
    dataRoot,
    '--exec-root',
    join(runDir, 'exec'),
    '--pidfile',
    join(runDir, 'pid'),
    '--host',
    `unix://${socketPath}`,
  ];
  const network = ['--bridge=none', '--iptables=false', '--ip-forward=false', '--ip-masq=false'];
  const daemon = spawn('dockerd', [...args, ...network], { stdio: ['ignore', log, log], detached: true });
  const stop = async (): Promise<void> => {
    await stopDaemon(daemon);
    rmSync(runDir, { recursive: true, force: true });
  };
  try {
    await untilAnswering(daemon, socketPath);
  } catch (error) {
    const text = readFileSync(join(runDir, 'dockerd.log'), 'utf8').split('\n').slice(-8).join('\n');
    await stop();
    throw new Error(`dockerd did not start:\n${text}`, { cause: error });
  }
  return { socketPath, pid: daemon.pid as number, [Symbol.asyncDispose]: stop };
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

async function stopDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const closed = new Promise((resolve) => daemon.once('close', resolve));
  daemon.kill('SIGTERM');
  const force = setTimeout(() => daemon.kill('SIGKILL'), 15_000);
  await closed;
  clearTimeout(force);
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

// Plain JavaScript for any Node >= 18: this runs before anything is installed.
// It brings the pinned Node (an npm package) and the locked dependencies, and starts programs with them.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectDir = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const modulesDir = join(projectDir, 'node_modules');
const stampFile = join(modulesDir, '.runyard-installed.json');
const pinnedNode = join(modulesDir, '.bin', 'node');

/** Path of the Node that runs the product: the pinned one on Linux, else this one when it satisfies `engines`. */
export function productNode() {
  if (existsSync(pinnedNode)) return pinnedNode;
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major >= 25 || (major === 24 && minor >= 21)) return process.execPath;
  fail(
    `Runyard needs Node 24.21 or newer. npm has no pinned Node for ${process.platform}-${process.arch}; this one is ${process.version}.`,
  );
}

/**
 * Installs the locked packages unless they are there. `scope` "product" leaves out what only checks and tests need.
 * RUNYARD_SETUP=off prints the command instead of running it.
 */
export async function ensureInstalled(scope) {
  const wanted = createHash('sha256')
    .update(readFileSync(join(projectDir, 'package-lock.json')))
    .digest('hex');
  if (isInstalled(wanted, scope)) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', ...(scope === 'product' ? ['--omit=dev'] : [])];
  if (process.env.RUNYARD_SETUP === 'off') fail(`The locked npm packages are missing. Run: npm ${args.join(' ')}`);
  const startedAtMs = Date.now();
  say(`Installing the locked npm packages (npm ${args.join(' ')}) …`);
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? { command: process.execPath, args: [process.env.npm_execpath, ...args] }
    : { command: 'npm', args };
  const output = [];
  const code = await run(npm.command, npm.args, { onOutput: (text) => output.push(text), env: quickRetries() });
  if (code === 127) fail('npm is missing; it comes with Node, or on Debian by: apt-get install -y npm');
  if (code !== 0) {
    const lines = output.join('').trim().split('\n').slice(-15);
    fail(
      `npm ${args[0]} failed; it needs the network, or npm's own settings for a registry that can be reached:\n${lines.join('\n')}`,
    );
  }
  writeFileSync(stampFile, JSON.stringify({ lock: wanted, scope }));
  say(`Installed in ${((Date.now() - startedAtMs) / 1000).toFixed(0)} s.`);
}

/** Without them npm is silent for more than a minute before it says that there is no network. The user's own settings win. */
function quickRetries() {
  const settings = { npm_config_fetch_retry_mintimeout: '1000', npm_config_fetch_retry_maxtimeout: '5000' };
  return Object.fromEntries(Object.entries(settings).filter(([name]) => process.env[name] === undefined));
}

function isInstalled(lock, scope) {
  try {
    const stamp = JSON.parse(readFileSync(stampFile, 'utf8'));
    return stamp.lock === lock && (stamp.scope === 'all' || stamp.scope === scope);
  } catch {
    return false;
  }
}

/**
 * Runs a program in the project folder with the project's tools first in PATH; resolves to its exit code (128 + n for signal n).
 * `onOutput` receives what it prints instead of the terminal. With `deadlineMs` it gets a process group of its own: the whole
 * group is killed when the time is over (exit code 124, as `timeout` does), and what is left of it when the program has ended.
 */
export function run(command, args, { onOutput, env = {}, deadlineMs } = {}) {
  return new Promise((resolve) => {
    const hasGroup = deadlineMs !== undefined;
    const child = spawn(command, args, {
      cwd: projectDir,
      stdio: onOutput ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      env: { ...process.env, PATH: `${join(modulesDir, '.bin')}:${process.env.PATH}`, ...env },
      detached: hasGroup,
    });
    child.stdout?.on('data', (data) => onOutput(String(data)));
    child.stderr?.on('data', (data) => onOutput(String(data)));
    child.on('error', (error) => {
      onOutput?.(`${command}: ${error.message}\n`);
      resolve(127);
    });
    forwardSignals(child, hasGroup);
    if (!hasGroup) {
      child.on('close', (code, signal) => resolve(exitCodeOf(code, signal)));
      return;
    }
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      killGroup(child.pid);
    }, deadlineMs);
    // Not `close`: a process that somebody left behind may hold the pipes for ever.
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      killGroup(child.pid);
      resolve(isLate ? 124 : exitCodeOf(code, signal));
    });
  });
}

function exitCodeOf(code, signal) {
  return code ?? 128 + constants.signals[signal];
}

function killGroup(leader, signal = 'SIGKILL') {
  try {
    process.kill(-leader, signal);
  } catch {
    // Nothing is left of it.
  }
}

const onInterrupt = () => {};

/**
 * Ctrl-C reaches the whole foreground group by itself; a SIGTERM reaches only us and must be passed on, and so must both to a
 * group of its own. We outlive the child.
 */
function forwardSignals(child, hasGroup) {
  const pass = (signal) => (hasGroup ? killGroup(child.pid, signal) : child.kill(signal));
  const onTerminate = () => pass('SIGTERM');
  const interrupted = hasGroup ? () => pass('SIGINT') : onInterrupt;
  process.on('SIGTERM', onTerminate);
  process.on('SIGINT', interrupted);
  child.on('exit', () => {
    process.off('SIGTERM', onTerminate);
    process.off('SIGINT', interrupted);
  });
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

/** Ends with EX_CONFIG unless told otherwise: the next step is in the text. */
export function fail(text, exitCode = 78) {
  process.stderr.write(`${text}\n`);
  process.exit(exitCode);
}

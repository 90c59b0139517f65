import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  groupsOf,
  isRunning,
  LIMITS,
  openIdle,
  parseEnd,
  processesOf,
  readAll,
  startNative,
  untilEmpty,
} from './testing/native-launcher-fixtures.ts';
import { useNative } from './testing/use-native.ts';

const HOST_PROGRAM = fileURLToPath(import.meta.resolve('./testing/native-launcher-host.ts'));
/** waitpid status of a process that SIGKILL ended. */
const KILLED = 9;

const it = useNative();

/** A process with a launcher of its own and work for it. Killed whatever becomes of the test: it would never end by itself. */
function startHost() {
  const host = spawn(process.execPath, [HOST_PROGRAM, JSON.stringify([it.setups.real, it.stateDir])], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => host.once('exit', resolve));
  const lines = createInterface({ input: host.stdout });
  const kill = async () => {
    host.kill('SIGKILL');
    await gone;
  };
  return {
    firstLine: async () => {
      const line = await Promise.race([
        new Promise<string>((resolve) => lines.once('line', resolve)),
        gone.then(() => Promise.reject(new Error('the host ended before its first line'))),
      ]);
      return JSON.parse(line) as { ownerId: string; pid: number };
    },
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

describe('the end', () => {
  test('close kills what runs, tells it, and leaves nothing', async () => {
    const other = await startNative(it.setups.stubborn, it.stateDir);
    const { place } = await openIdle(other.launcher);
    const all = readAll(place.stream);
    await Promise.all([other.launcher.close(), other.launcher.close()]);
    expect(parseEnd(await all)).toMatchObject({ waitStatus: KILLED, cause: 3 });
    expect(groupsOf(other.ownerId)).toEqual([]);
    expect(isRunning(other.pid())).toBe(false);
    expect(readdirSync(it.stateDir).filter((name) => name.startsWith(other.ownerId))).toEqual([]);
    await expect(other.launcher.open(LIMITS)).rejects.toThrow('the launcher is closed');
    expect(other.log).toEqual([]);
  });

  test('kill -9 of the daemon kills its places; the next open starts another, which sweeps', async () => {
    await using other = await startNative(it.setups.stubborn, it.stateDir);
    const { place } = await openIdle(other.launcher);
    const pids = processesOf(other.ownerId);
    const daemon = other.pid();
    const all = readAll(place.stream);
    process.kill(daemon, 'SIGKILL');
    expect((await all).includes('RYE1')).toBe(false);
    await untilEmpty(() => pids.filter(isRunning));
    await untilEmpty(() => (other.log.length === 0 ? ['the exit'] : []));
    expect(other.log[0]).toBe('warn: launcher: killed by signal 9; its sandboxes are lost');
    const ends = await Promise.all([1, 2].map(() => openIdle(other.launcher, { deadlineMs: 50 })));
    const causes = ends.map(
      async (opened) => parseEnd(Buffer.concat([opened.first, await readAll(opened.place.stream)])).cause,
    );
    expect(await Promise.all(causes)).toEqual([1, 1]);
    expect(other.pid()).not.toBe(daemon);
    expect(other.launcher.describe()['restarts']).toBe('1');
    await untilEmpty(() => groupsOf(other.ownerId));
  });

  test('kill -9 of the host or of the daemon at any moment leaves nothing after the next start', async () => {
    for (let round = 0; round < 8; round += 1) {
      await using host = startHost();
      const { ownerId, pid } = await host.firstLine();
      // The moment is what is tested: no event to wait for.
      await sleep(Math.random() * 300);
      const victims = processesOf(ownerId);
      if (round % 2 === 0) process.kill(pid, 'SIGKILL');
      await host.kill();
      await untilEmpty(() => [pid, ...victims].filter(isRunning));
      await (await startNative(it.setups.real, it.stateDir)).launcher.close();
      await untilEmpty(() => processesOf(ownerId));
      expect(groupsOf(ownerId)).toEqual([]);
      expect(readdirSync(it.stateDir).filter((name) => name.startsWith(ownerId))).toEqual([]);
      expect(readdirSync(path.join(it.stateDir, 'owners')).toSorted()).toEqual(
        [it.native, it.stubborn].map((running) => `${running.ownerId}.lock`).toSorted(),
      );
    }
  });
});

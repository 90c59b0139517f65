import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { TemporaryFolder } from '@runyard/shared/testing';

type Run = (command: string, args: readonly string[], options: { deadlineMs: number }) => Promise<number>;
// Plain JavaScript without types: it runs before anything is installed.
const { run } = (await import(path.resolve(import.meta.dirname, '../../scripts/lib/node.mjs'))) as { run: Run };

/** Starts a child that outlives its parent, says its pid in a file, and does what comes next. */
const leavingChild = (file: string, next: string) => ['-c', `sleep 300 & echo $! > '${file}'; ${next}`];

function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

test('a suite that hangs is killed with all that it started, and says 124', async () => {
  using folder = new TemporaryFolder();
  const file = folder.join('pid');
  expect(await run('sh', leavingChild(file, 'wait'), { deadlineMs: 500 })).toBe(124);
  await expect.poll(() => isRunning(Number(readFileSync(file, 'utf8')))).toBe(false);
});

test('what a suite leaves behind is killed, and its exit code stands', async () => {
  using folder = new TemporaryFolder();
  const file = folder.join('pid');
  expect(await run('sh', leavingChild(file, 'exit 3'), { deadlineMs: 60_000 })).toBe(3);
  await expect.poll(() => isRunning(Number(readFileSync(file, 'utf8')))).toBe(false);
});

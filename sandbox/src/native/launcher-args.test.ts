import { expect, test } from 'vitest';
import { launcherArgs } from './launcher-args.ts';

const OPTIONS = { keeperPath: '/k', launcherPath: '/l', supervisorPath: '/s', rootDir: '/r' };
const HEAD = '--socket /x.sock --root /r --supervisor /s --state-dir /run/runyard --owner 01234567';

function line(more: Partial<Parameters<typeof launcherArgs>[0]> = {}): string {
  return launcherArgs({ ...OPTIONS, ...more }, '01234567', '/x.sock').join(' ');
}

test('without bounds the daemon is told the maximum of the product', () => {
  expect(line()).toBe(`${HEAD} --max-memory 1073741824 --max-processes 256 --max-cpu-milli 1000 --max-places 64`);
});

test('bounds are handed over; what is left out is the maximum of the product', () => {
  expect(line({ bounds: { memoryBytes: 67_108_864, processes: 8, cpuMilli: 500, places: 2 } })).toBe(
    `${HEAD} --max-memory 67108864 --max-processes 8 --max-cpu-milli 500 --max-places 2`,
  );
  expect(line({ bounds: { places: 3 } })).toBe(
    `${HEAD} --max-memory 1073741824 --max-processes 256 --max-cpu-milli 1000 --max-places 3`,
  );
});

test('who may connect and what is told come last', () => {
  expect(line({ user: { uid: 7, gid: 8 }, setup: { runtimeRoot: 'a', toolchains: {} } })).toMatch(
    / --max-places 64 --facts \{"runtimeRoot":"a","toolchains":\{\}\} --uid 7 --gid 8$/,
  );
});

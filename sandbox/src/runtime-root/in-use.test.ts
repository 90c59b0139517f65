import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdUntilExit, removeUnused, UNUSED_AFTER_MS } from './in-use.ts';

let cacheDir = '';

beforeEach(() => {
  cacheDir = mkdtempSync(path.join(tmpdir(), 'runyard-in-use-'));
  for (const name of ['old', 'new']) {
    mkdirSync(path.join(cacheDir, 'roots', name, 'usr'), { recursive: true });
    writeFileSync(path.join(cacheDir, 'roots', `${name}.json`), '{}');
  }
  mkdirSync(path.join(cacheDir, 'trash'));
});

afterEach(() => {
  rmSync(cacheDir, { recursive: true });
});

/** What goes when `new` has been built so long from now. */
function removed(afterMs: number): Promise<readonly string[]> {
  const trashDir = path.join(cacheDir, 'trash');
  return removeUnused({ cacheDir, kind: 'roots', name: 'new' }, { trashDir, nowMs: Date.now() + afterMs });
}

/** Another process that holds the folder until it is killed. */
async function holder(name: string) {
  const program = [
    `import { holdUntilExit } from ${JSON.stringify(path.join(import.meta.dirname, 'in-use.ts'))};`,
    `console.log(holdUntilExit(${JSON.stringify({ cacheDir, kind: 'roots', name })}));`,
    'setInterval(() => undefined, 60_000);',
  ].join('\n');
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  expect(String(said)).toBe('true\n');
  return {
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

describe('a tree that nobody uses', () => {
  it('goes after a week, with its manifest, and the new one stays', async () => {
    expect(await removed(0)).toEqual([]);
    expect(await removed(UNUSED_AFTER_MS - 60_000)).toEqual([]);
    expect(await removed(UNUSED_AFTER_MS + 60_000)).toEqual(['old']);
    expect(readdirSync(path.join(cacheDir, 'roots')).toSorted()).toEqual(['new', 'new.json']);
    expect(readdirSync(path.join(cacheDir, 'trash'))).toEqual([]);
  });

  it('counts from when it was first seen where no use of it was noted', async () => {
    expect(await removed(0)).toEqual([]);
    expect(readdirSync(path.join(cacheDir, 'in-use'))).toEqual(['roots.old']);
  });
});

describe('a tree in use', () => {
  it('stays as long as its user lives, and goes after its death by SIGKILL', async () => {
    const user = await holder('old');
    expect(await removed(2 * UNUSED_AFTER_MS)).toEqual([]);
    await user.kill();
    expect(await removed(2 * UNUSED_AFTER_MS)).toEqual(['old']);
  });

  it('stays while this process itself holds it beside others', async () => {
    const user = await holder('old');
    expect(holdUntilExit({ cacheDir, kind: 'roots', name: 'old' })).toBe(true);
    await user.kill();
    expect(await removed(2 * UNUSED_AFTER_MS)).toEqual([]);
  });
});

/** Everything that the README shows is typed into a shell, and answers what the README says. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';
import { differences, readmeCommands } from '../support/readme.ts';
import { TestServer } from '../support/server.ts';

const README_URL = 'http://127.0.0.1:8080';
const COMMANDS = readmeCommands();

let outputs: readonly string[];

/** One shell for all, since later commands use what earlier ones left. */
beforeAll(async () => {
  await using server = await TestServer.start();
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-readme-'));
  try {
    const marker = '--- next command ---';
    const script = COMMANDS.map(({ command }) => `${command}\nprintf '%s' '${marker}'\n`).join('');
    const run = promisify(execFile)('bash', ['-c', script.replaceAll(README_URL, server.url)], { cwd: folder });
    const { stdout } = await run;
    outputs = stdout.replaceAll(server.url, README_URL).split(marker);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the README shows commands, and all of them were run', () => {
  expect(COMMANDS.length).toBeGreaterThan(5);
  expect(outputs).toHaveLength(COMMANDS.length + 1);
});

test.each(COMMANDS.map(({ command, expected }, index) => ({ index, command, expected })))(
  '$ $command',
  ({ index, expected }) => {
    expect(differences(expected, outputs[index] ?? '')).toEqual([]);
  },
);

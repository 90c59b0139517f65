import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differences, readmeSteps } from '../support/readme.ts';
import { TestServer } from '../support/server.ts';

const README_URL = 'http://127.0.0.1:8080';
const run = promisify(execFile);
const steps = readmeSteps();

describe('README', () => {
  let server: TestServer;
  let folder: string;
  beforeAll(async () => {
    server = await TestServer.start();
    folder = mkdtempSync(path.join(tmpdir(), 'runyard-readme-'));
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server[Symbol.asyncDispose]();
  });

  test('has requests to show', () => {
    expect(steps.length).toBeGreaterThanOrEqual(7);
  });

  /** One shell for all: later commands use what earlier ones kept. A line of its own parts the answers. */
  test('every command gives the answer that is shown', async () => {
    const boundary = '=== next ===';
    const script = steps.map(({ command }) => `${command}\nprintf '\\n${boundary}\\n'`).join('\n');
    const { stdout } = await run('bash', ['-c', script.replaceAll(README_URL, server.url)], { cwd: folder });
    const answers = stdout.split(`\n${boundary}\n`);
    const wrong = steps.flatMap(({ command, answer }, index) => {
      const real = (answers[index] ?? '').replaceAll(server.url, README_URL);
      const isJson = answer.startsWith('{');
      const found = isJson ? differences(JSON.parse(answer), JSON.parse(real)) : differences(answer, real);
      return found.map((difference) => `${command}\n  ${difference}`);
    });
    expect(wrong).toEqual([]);
  });
});

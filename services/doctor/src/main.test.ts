import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

const MAIN = path.join(import.meta.dirname, 'main.ts');

function doctor(words: readonly string[], env: Record<string, string> = {}) {
  // An address at which nothing listens: this test is not about the host's engine.
  const environment = { PATH: process.env['PATH'], DOCKER_HOST: 'unix:///nonexistent', ...env };
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8', env: environment, timeout: 60_000 });
}

test('as JSON: every check with its status, and what would keep jobs from being taken', () => {
  const { status, stdout } = doctor(['--json', '--no-posture']);
  const report = JSON.parse(stdout) as {
    findings: { id: string; status: string }[];
    refused: string[];
    posture: unknown;
  };
  expect(report.findings.find(({ id }) => id === 'architecture')?.status).toBe('ok');
  expect(report.posture).toEqual({ kind: 'left out', reason: 'as asked' });
  expect(status).toBe(report.refused.length === 0 ? 0 : 1);
});

test('for a person: worst first, the verdict last', () => {
  const { stdout } = doctor(['--no-posture']);
  expect(stdout).toMatch(/^Runyard with the native launcher on kernel /);
  expect(stdout).toMatch(/\nStrong\n {2}architecture: /);
  expect(stdout.trim().split('\n').at(-1)).toMatch(
    /^Nothing that is required is missing\.$|^\d+ required: no job is taken\.$/,
  );
});

test('what it does not understand is told apart from what it found', () => {
  expect(doctor(['--fix']).status).toBe(2);
  expect(doctor(['--no-posture'], { RUNYARD_STRICT: 'maybe' })).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('RUNYARD_STRICT'),
  });
});

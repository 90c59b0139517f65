import type { JobSource, Language } from '@runyard/shared/domain';
import { expect, test } from 'vitest';
import { LIMITS } from '../../testing/reports.ts';
import { planFor } from './plan.ts';

const LANGUAGE: Language = {
  id: 'zig',
  name: 'Zig',
  aliases: [],
  sourceFile: 'main.zig',
  compile: { argv: ['zig', 'build'], outputs: ['main'] },
  run: { argv: ['/program/main'] },
  environment: { ZIG_HOME: '/opt/zig', LANG: 'C' },
  limits: { run: {}, compile: {} },
  packages: { debian: [], npm: {} },
  prepare: [],
  versionCommand: ['zig', 'version'],
  sample: { code: '', input: '', output: '' },
};

const SOURCE: JobSource = {
  code: 'söurce',
  input: 'in\n',
  inputEncoding: 'utf8',
  args: ['a b', '--', '$x'],
  env: { X: '1' },
};

test('a compiled language', () => {
  const plan = planFor(LANGUAGE, LIMITS, SOURCE);
  expect(plan.files).toEqual([{ path: 'main.zig', mode: 0o644, content: Buffer.from('söurce') }]);
  expect(plan.compile).toMatchObject({ argv: ['zig', 'build'], outputs: ['main'], limits: LIMITS.compile });
  expect(plan.compile?.stdin.length).toBe(0);
  expect(plan.runs).toHaveLength(1);
  expect(plan.runs[0]).toMatchObject({ argv: ['/program/main', 'a b', '--', '$x'], limits: LIMITS.run });
  expect(Buffer.from(plan.runs[0]?.stdin ?? []).toString()).toBe('in\n');
});

test('the environment is laid over: base, language, job; the compiler does not see the last', () => {
  const plan = planFor(LANGUAGE, LIMITS, { ...SOURCE, env: { X: '1', ZIG_HOME: '/mine' } });
  expect(plan.compile?.env).toMatchObject({ HOME: '/box', LANG: 'C', ZIG_HOME: '/opt/zig' });
  expect(plan.compile?.env).not.toHaveProperty('X');
  expect(plan.runs[0]?.env).toMatchObject({ HOME: '/box', LANG: 'C', ZIG_HOME: '/mine', X: '1' });
});

test('an interpreted language has no compile step', () => {
  expect(planFor({ ...LANGUAGE, compile: null }, LIMITS, SOURCE)).not.toHaveProperty('compile');
});

test('base64 input is bytes, exactly', () => {
  const plan = planFor(LANGUAGE, LIMITS, { ...SOURCE, input: 'AP+A', inputEncoding: 'base64' });
  expect([...(plan.runs[0]?.stdin ?? [])]).toEqual([0x00, 0xff, 0x80]);
});

import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StartupError } from '../errors/index.ts';
import { ConfigError, field, parseEnv, Secret } from './index.ts';

const schema = z.object({
  PORT: field.integer({ min: 0, max: 65_535 }).default(8080),
  STRICT: field.boolean().default(false),
  BACKEND: field.choice(['embedded', 'aws']).default('embedded'),
  LANGUAGES: field.list().optional(),
  DATA_DIR: field.text().optional(),
  KEY: field.secret({ minLength: 8 }).optional(),
});

function problemsOf(env: Record<string, string>): readonly { variable: string; message: string }[] {
  try {
    parseEnv(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('unset variables have their defaults, others are not read', () => {
  expect(parseEnv(schema, { PATH: '/bin', UNRELATED: '' })).toEqual({ PORT: 8080, STRICT: false, BACKEND: 'embedded' });
});

test('values are read as what they are', () => {
  const env = { PORT: '0', STRICT: 'true', BACKEND: 'aws', LANGUAGES: 'c, cpp,python', DATA_DIR: '/d' };
  expect(parseEnv(schema, env)).toEqual({
    PORT: 0,
    STRICT: true,
    BACKEND: 'aws',
    LANGUAGES: ['c', 'cpp', 'python'],
    DATA_DIR: '/d',
  });
});

describe('refuses', () => {
  test.each(['', ' ', '65536', '-1', '80.0', '8e1', '0x50', '080', ' 80', '80 ', 'NaN', '1'.repeat(40)])(
    'PORT=%j',
    (value) => {
      expect(problemsOf({ PORT: value }).map((problem) => problem.variable)).toContain('PORT');
    },
  );

  test.each(['', 'TRUE', 'True', '1', 'yes', 'on', 'false '])('STRICT=%j', (value) => {
    expect(problemsOf({ STRICT: value })[0]?.variable).toBe('STRICT');
  });

  test.each(['', ',', 'c,,cpp', 'c,'])('LANGUAGES=%j', (value) => {
    expect(problemsOf({ LANGUAGES: value })[0]?.variable).toBe('LANGUAGES');
  });

  test('all problems together, by name, never with the value', () => {
    const env = { PORT: 'hunter2', STRICT: 'hunter2', BACKEND: 'hunter2', DATA_DIR: '', KEY: 'hunter2' };
    expect(problemsOf(env)).toEqual([
      { variable: 'PORT', message: 'must be a whole number from 0 to 65535' },
      { variable: 'STRICT', message: 'must be true or false' },
      { variable: 'BACKEND', message: 'must be one of embedded, aws' },
      { variable: 'DATA_DIR', message: 'must not be empty; unset it to get the default' },
      { variable: 'KEY', message: 'must have at least 8 characters' },
    ]);
    expect(() => parseEnv(schema, env)).toThrow(StartupError);
    expect(() => parseEnv(schema, env)).not.toThrow(/hunter2/);
  });

  test('a required variable that is not set', () => {
    expect(() => parseEnv(z.object({ TABLE: field.text() }), {})).toThrow('TABLE must be set');
    expect(() => parseEnv(z.object({ N: field.integer({ min: 1, max: 2 }) }), {})).toThrow('N must be set');
  });

  test('a pair that does not fit, named by its variable', () => {
    const pair = z
      .object({ MIN: field.integer({ min: 0, max: 9 }), MAX: field.integer({ min: 0, max: 9 }) })
      .refine(({ MIN, MAX }) => MIN <= MAX, { path: ['MIN'], message: 'must not be above MAX' });
    expect(() => parseEnv(pair, { MIN: '5', MAX: '4' })).toThrow('MIN must not be above MAX');
  });
});

test('a secret shows itself only when asked', () => {
  const { KEY } = parseEnv(schema, { KEY: 'correct horse' });
  expect(KEY?.reveal()).toBe('correct horse');
  const secret = new Secret('correct horse');
  for (const shown of [String(secret), JSON.stringify({ secret }), inspect({ secret }, { showHidden: true })]) {
    expect(shown).toContain('[redacted]');
    expect(shown).not.toContain('horse');
  }
});

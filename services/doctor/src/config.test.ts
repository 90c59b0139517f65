import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadConfig, parseArguments } from './config.ts';

test('reads the variables of the server', () => {
  const env = { RUNYARD_SANDBOX: 'docker', SANDBOX_RUNTIME: 'runsc', RUNYARD_SLOTS: '3', RUNYARD_STRICT: 'true' };
  expect(loadConfig(env, true)).toMatchObject({
    runtime: { sandbox: 'docker', sandboxRuntime: 'runsc', cacheDir: '/var/cache/runyard' },
    slots: 3,
    isStrict: true,
  });
});

test('is lenient by default, and refuses what is no answer', () => {
  expect(loadConfig({}, true).isStrict).toBe(false);
  expect(() => loadConfig({ RUNYARD_STRICT: 'yes' }, true)).toThrow(ConfigError);
});

test.each([
  [[], { asJson: false, takesPosture: true }],
  [['--json', '--no-posture'], { asJson: true, takesPosture: false }],
  [['--help'], null],
])('arguments %j', (words, expected) => {
  expect(parseArguments(words)).toEqual(expected);
});

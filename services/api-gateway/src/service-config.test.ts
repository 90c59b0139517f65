import { inspect } from 'node:util';
import { ConfigError } from '@runyard/shared/config';
import { expect, test } from 'vitest';
import { loadGatewayServiceConfig } from './service-config.ts';

const SECRET = 'thirty-two characters or more, yes';

test('a secret is all that has to be set, and it does not show itself', () => {
  const config = loadGatewayServiceConfig({ RUNYARD_SECRET: SECRET });
  expect(config.own).toMatchObject({ languages: null, drainDelayMs: 0, drainMs: 10_000 });
  expect(config.own.secret.reveal()).toBe(SECRET);
  expect(inspect(config) + JSON.stringify(config)).not.toContain(SECRET);
  expect(config.aws.queues).toEqual({ kind: 'per-language', prefix: 'runyard-dev-0-' });
});

test('problems of all parts are told at once, by variable, and without their values', () => {
  const env = { RUNYARD_SECRET: 'short', PORT: 'x', AWS_ENDPOINT_URL: 'nowhere', LOG_LEVEL: 'loud' };
  let error: unknown;
  try {
    loadGatewayServiceConfig(env);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  const { problems, message } = error as ConfigError;
  expect(problems.map(({ variable }) => variable).toSorted()).toEqual(Object.keys(env).toSorted());
  for (const value of ['short', 'nowhere', 'loud']) expect(message).not.toContain(value);
});

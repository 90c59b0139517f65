import { ConfigError } from '@runyard/shared/config';
import { describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';

function problemsOf(env: Record<string, string>) {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(({ variable }) => variable);
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('has a default for everything, and listens on loopback', () => {
    expect(loadConfig({})).toEqual({
      host: '127.0.0.1',
      port: 8080,
      publicUrl: null,
      bodyLimits: { sourceBytes: 262_144, stdinBytes: 1_048_576, totalBytes: 10_485_760, timeoutMs: 20_000 },
      queueLimit: 10_000,
      maxWaiters: 1000,
      linkLifeMs: 3_600_000,
      retentionMs: 604_800_000,
      execTimeoutSec: 10,
    });
  });

  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '128.0.0.1', '127.0.0.1.example.org', '::ffff:10.0.0.1'])(
    'listens on %s only when told that anybody may run code',
    (host) => {
      expect(() => loadConfig({ HOST: host })).toThrow('RUNYARD_ALLOW_ANONYMOUS=true');
      expect(problemsOf({ HOST: host, RUNYARD_ALLOW_ANONYMOUS: 'false' })).toEqual(['HOST']);
      expect(loadConfig({ HOST: host, RUNYARD_ALLOW_ANONYMOUS: 'true' }).host).toBe(host);
    },
  );

  it.each(['127.0.0.1', '127.8.8.8', '::1', 'localhost', 'LOCALHOST'])('listens on %s without more ado', (host) => {
    expect(loadConfig({ HOST: host }).host).toBe(host);
  });

  it('reports all problems at once, by variable', () => {
    const env = {
      PORT: '65536',
      RUNYARD_PUBLIC_URL: 'ftp://x',
      RUNYARD_QUEUE_LIMIT: '0',
      RUNYARD_ALLOW_ANONYMOUS: 'yes',
      EXEC_TIMEOUT_SEC: '61',
      HOST: '',
    };
    expect(problemsOf(env).sort()).toEqual(Object.keys(env).sort());
    expect(problemsOf({ RUNYARD_MAX_BODY_BYTES: '65536', RUNYARD_MAX_STDIN_BYTES: '65537' })).toEqual([
      'RUNYARD_MAX_SOURCE_BYTES',
      'RUNYARD_MAX_STDIN_BYTES',
    ]);
  });

  it('takes a public URL without its last slash', () => {
    expect(loadConfig({ RUNYARD_PUBLIC_URL: 'https://run.example.org/' }).publicUrl).toBe('https://run.example.org');
    expect(loadConfig({ RUNYARD_PUBLIC_URL: 'http://h:1/base//' }).publicUrl).toBe('http://h:1/base');
    for (const bad of ['run.example.org', 'https://h/?a=1', 'https://u:p@h/', 'https://h/#a', 'javascript:1']) {
      expect([bad, problemsOf({ RUNYARD_PUBLIC_URL: bad })]).toEqual([bad, ['RUNYARD_PUBLIC_URL']]);
    }
  });
});

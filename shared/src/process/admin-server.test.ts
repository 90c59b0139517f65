import { expect, test } from 'vitest';
import { ConfigError } from '../config/index.ts';
import { DependencyUnavailableError, StartupError } from '../errors/index.ts';
import { silentLogger } from '../logging/index.ts';
import { type AdminServer, loadAdminConfig, startAdminServer } from './admin-server.ts';
import { Counters } from './counters.ts';
import { answers, Readiness } from './readiness.ts';

async function withServer(
  state: { isDraining: boolean; ping: () => Promise<void> },
  work: (server: AdminServer, counters: Counters) => Promise<void>,
): Promise<void> {
  const counters = new Counters('runyard_test', ['resent'], { slots: () => 2 });
  const probes = { store: answers({ ping: () => state.ping() }) };
  const readiness = new Readiness({ probes, isDraining: () => state.isDraining, logger: silentLogger() });
  const config = { host: '127.0.0.1', port: 0 };
  const server = await startAdminServer({ config, readiness, counters, version: { version: '1.2.3' } });
  try {
    await work(server, counters);
  } finally {
    server.close();
  }
}

async function get(server: AdminServer, path: string): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${server.url}${path}`);
  return { status: answer.status, body: await answer.json() };
}

test('says that it lives, what it is, and what happened', async () => {
  await withServer({ isDraining: false, ping: async () => undefined }, async (server, counters) => {
    expect(await get(server, '/health/live')).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await get(server, '/version')).toEqual({ status: 200, body: { name: 'runyard', version: '1.2.3' } });
    expect((await get(server, '/nothing')).status).toBe(404);
    expect((await fetch(`${server.url}/health/live`, { method: 'POST' })).status).toBe(405);
    counters.add('resent');
    counters.add('resent', 2);
    expect(await (await fetch(`${server.url}/metrics`)).text()).toBe(
      [
        '# TYPE runyard_test_resent_total counter',
        'runyard_test_resent_total 3',
        '# TYPE runyard_test_slots gauge',
        'runyard_test_slots 2',
        '',
      ].join('\n'),
    );
  });
});

async function down(): Promise<void> {
  throw new DependencyUnavailableError('The table does not answer.', { cause: new Error('10.0.0.7 refused') });
}

test('is ready as long as every part answers and nobody stops it', async () => {
  await withServer({ isDraining: false, ping: async () => undefined }, async (server) => {
    expect(await get(server, '/health/ready')).toEqual({
      status: 200,
      body: { status: 'ready', checks: { store: { isReady: true } } },
    });
  });
  await withServer({ isDraining: false, ping: down }, async (server) => {
    expect(await get(server, '/health/ready')).toEqual({
      status: 503,
      body: { status: 'not_ready', checks: { store: { isReady: false, detail: 'The table does not answer.' } } },
    });
  });
  await withServer({ isDraining: true, ping: async () => undefined }, async (server) => {
    expect((await get(server, '/health/ready')).status).toBe(503);
  });
});

test('an address that is taken is told with the variables to change', async () => {
  await withServer({ isDraining: false, ping: async () => undefined }, async (server) => {
    const config = { host: '127.0.0.1', port: Number(new URL(server.url).port) };
    const readiness = new Readiness({ probes: {}, isDraining: () => false, logger: silentLogger() });
    const second = startAdminServer({ config, readiness, counters: new Counters('x', []), version: {} });
    await expect(second).rejects.toThrow(StartupError);
    await expect(second).rejects.toThrow('ADMIN_PORT');
  });
});

test('its address is read from the environment', () => {
  expect(loadAdminConfig({})).toEqual({ host: '127.0.0.1', port: 8081 });
  expect(loadAdminConfig({ ADMIN_HOST: '0.0.0.0', ADMIN_PORT: '0' })).toEqual({ host: '0.0.0.0', port: 0 });
  expect(() => loadAdminConfig({ ADMIN_PORT: '65536' })).toThrow(ConfigError);
});

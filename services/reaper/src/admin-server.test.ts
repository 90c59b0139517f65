import { expect, test } from 'vitest';
import { startAdminServer } from './admin-server.ts';

test('says whether the engine answers, and how many were reaped', async () => {
  const service = { isHealthy: true, orphansReapedTotal: 3 };
  const server = await startAdminServer({ host: '127.0.0.1', port: 0 }, service);
  try {
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${server.port}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    expect((await get('/health/ready')).status).toBe(200);
    expect((await get('/metrics')).text).toContain('\nrunyard_orphans_reaped_total 3\n');
    service.isHealthy = false;
    expect((await get('/health/ready')).status).toBe(503);
    expect((await get('/health/live')).status).toBe(200);
    expect((await get('/')).status).toBe(404);
  } finally {
    await server.close();
  }
});

/** Results: links that work, that end, and that outlive a restart. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { makeDataDir, TestServer } from '../support/server.ts';
import { rmSync } from 'node:fs';

const BYTES = { language: 'bash', code: `printf 'out\\x00\\xff'; printf 'err' >&2` };

describe('a link', () => {
  test('gives the bytes exactly, without any other right, and no longer than it says', async () => {
    await using server = await TestServer.start({ env: { RUNYARD_LINK_LIFE_SEC: '1' } });
    const job = await server.client.run(BYTES);
    const result = await server.client.result(job.executionId);
    const url = result.url ?? '';

    const answer = await fetch(url);
    expect(answer.status).toBe(200);
    const body = Buffer.from(await answer.arrayBuffer());
    // Both streams, each in its own order.
    expect(body.length).toBe(8);
    expect(body.toString('latin1').replace('err', '')).toBe('out\u0000\u00ff');

    const changed = await fetch(url.replace('combined.txt', 'stdout'));
    expect(changed.status).toBeGreaterThanOrEqual(400);
    await changed.arrayBuffer();

    await sleep(Date.parse(result.expiresAt ?? '') - Date.now() + 50);
    const late = await fetch(url);
    expect(late.status).toBeGreaterThanOrEqual(400);
    await late.arrayBuffer();
  });

  test('is null where nothing was printed', async () => {
    await using server = await TestServer.start();
    const job = await server.client.run({ language: 'bash', code: 'exit 0' });
    expect(await server.client.result(job.executionId)).toMatchObject({ status: 'completed', url: null });
  });
});

test('a restart keeps jobs, results and links', async () => {
  const dataDir = makeDataDir();
  try {
    const first = await TestServer.start({ dataDir });
    const job = await first.client.run(BYTES);
    const { url } = await first.client.result(job.executionId);
    expect(await first.end('SIGTERM')).toEqual({ code: 0, signal: null });

    await using second = await TestServer.start({ dataDir });
    expect(await second.client.status(job.executionId)).toEqual(job);
    expect((await second.client.outputOf(job.executionId)).length).toBe(8);
    const oldLink = new URL(url ?? '');
    const answer = await fetch(`${second.url}${oldLink.pathname}${oldLink.search}`);
    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBe(8);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
});

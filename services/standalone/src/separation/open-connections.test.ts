import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Engine } from '@runyard/sandbox/docker';
import { expect, test } from 'vitest';
import { hangUpOnEngines } from './open-connections.ts';

test('a connection that root made to the engine does not outlive its rights', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-engine-'));
  const socketPath = path.join(folder, 'docker.sock');
  const closed = Promise.withResolvers<void>();
  let open = 0;
  const server = createServer({ keepAliveTimeout: 600_000 }, (_request, response) => void response.end('OK'));
  server.on('connection', (connection) => {
    open += 1;
    connection.once('close', () => {
      open -= 1;
      closed.resolve();
    });
  });
  try {
    await new Promise<void>((resolve) => server.listen(socketPath, resolve));
    await new Engine(socketPath).ping();
    // The client keeps it for the next call, with the rights that it had when it connected.
    expect(open).toBe(1);
    hangUpOnEngines();
    // Without a hang-up it comes only when nobody has asked for five seconds.
    const patience = setTimeout(() => closed.reject(new Error('the connection is still open')), 2_000);
    await closed.promise;
    clearTimeout(patience);
    expect(open).toBe(0);
  } finally {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

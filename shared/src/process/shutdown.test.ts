import { silentLogger } from '../logging/index.ts';
import { expect, test } from 'vitest';
import { Shutdown } from './shutdown.ts';

test('undoes in the reverse order, once, whatever fails', async () => {
  const shutdown = new Shutdown(silentLogger());
  const done: string[] = [];
  shutdown.add('database', () => void done.push('database'));
  shutdown.add('gateway', async () => {
    done.push('gateway');
    throw new Error('stuck');
  });
  shutdown.add('executor', async () => {
    await Promise.resolve();
    done.push('executor');
  });
  expect(shutdown.hasBegun).toBe(false);
  const end = shutdown.run();
  expect(shutdown.hasBegun).toBe(true);
  await Promise.all([end, shutdown.run()]);
  expect(done).toEqual(['executor', 'gateway', 'database']);
});

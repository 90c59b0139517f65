import { setTimeout as sleep } from 'node:timers/promises';
import { jobQueueContract } from '../../testing/index.ts';
import { useQueues } from './testing/queues.ts';

jobQueueContract('SQS', async () => {
  const queues = await useQueues();
  return {
    queue: queues.open(),
    visibilityMs: 5_000,
    async passMs(ms) {
      await sleep(ms);
    },
    dispose: () => queues.dispose(),
  };
});

import type { JobEvents, JobStore } from '../../ports/index.ts';

/** The same store, telling `events` about each job that it has claimed, ended or deleted, after the write is done. */
export function publishingJobStore(store: JobStore, events: JobEvents): JobStore {
  return {
    create: (job, source) => store.create(job, source),
    get: (executionId) => store.get(executionId),
    getSource: (executionId) => store.getSource(executionId),
    renew: (executionId, lease) => store.renew(executionId, lease),
    listStale: (query) => store.listStale(query),
    listExpired: (query) => store.listExpired(query),
    ping: () => store.ping(),
    async claim(executionId, by) {
      const result = await store.claim(executionId, by);
      if (result.kind === 'claimed') events.publish(executionId);
      return result;
    },
    async settle(executionId, end) {
      const result = await store.settle(executionId, end);
      if (result.kind === 'finished') events.publish(executionId);
      return result;
    },
    async giveUp(executionId, end) {
      const result = await store.giveUp(executionId, end);
      if (result.kind === 'finished') events.publish(executionId);
      return result;
    },
    async delete(executionId) {
      const wasThere = await store.delete(executionId);
      if (wasThere) events.publish(executionId);
      return wasThere;
    },
  };
}

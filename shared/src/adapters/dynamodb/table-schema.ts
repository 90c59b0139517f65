/**
 * The one table of jobs: keys, indexes and attributes that set-up, infrastructure and the store must agree on. Pure data.
 *
 *   <executionId>              the job: small, rewritten at each step of its life
 *   src#<executionId>          its source, written once (`source-items.ts`)
 *   languages                  what executors found out about their languages (`dynamo-language-facts.ts`)
 */
export const TABLE_KEY = 'executionId';

/** Removes items some time (up to days) after this moment, in epoch seconds; at no cost. */
export const TTL_ATTRIBUTE = 'expiresAt';

/**
 * Jobs of one owner by age. Only attributes that never change, so that no step after the submission writes this index; status is
 * read from the jobs themselves. An anonymous job is not in it: all of them together would be one hot partition.
 */
export const BY_OWNER_INDEX = {
  name: 'byOwner',
  partitionKey: 'ownerId',
  sortKey: 'createdAtMs',
  projected: ['language', 'userId'],
} as const;

/**
 * Jobs that are not final, by the time since which nothing was done for them: their last write, or later when the sweeper sent them
 * again. Sparse: the end of a job removes both attributes, and with them the entry.
 */
export const OPEN_INDEX = { name: 'open', partitionKey: 'openShard', sortKey: 'dueAtMs' } as const;

/**
 * A job writes its entry about 6 times (put, claim and end, moves count double) and a partition takes 1,000 writes per second: 16
 * shards serve the 2,000 jobs per second that one cell is made for. May grow at any time (writers first see more shards, readers must
 * know them before); must never shrink while open jobs exist.
 */
export const OPEN_SHARDS = 16;

export const KEY_ATTRIBUTE_TYPES = {
  executionId: 'S',
  ownerId: 'S',
  createdAtMs: 'N',
  openShard: 'N',
  dueAtMs: 'N',
} as const;

/** FNV-1a over the whole id: its last digits are the cell, its first the time, so that no part alone spreads. */
export function openShardOf(executionId: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < executionId.length; index += 1) {
    hash = Math.imul(hash ^ executionId.charCodeAt(index), 0x01000193);
  }
  return (hash >>> 0) % OPEN_SHARDS;
}

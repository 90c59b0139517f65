import { type DynamoDBClient, paginateQuery } from '@aws-sdk/client-dynamodb';
import { isFinalJob, type Job } from '../../domain/index.ts';
import { readAll } from './batch-get.ts';
import { decodeJob, type Item, numberOf, textOf } from './job-item.ts';
import { OPEN_INDEX, OPEN_SHARDS, TABLE_KEY } from './table-schema.ts';

interface Entry {
  readonly executionId: string;
  readonly dueAtMs: number;
}

const MAX_PAGE = 1000;
/** Shards asked at a time: a sweep is not urgent, and its reads should not crowd out the workers'. */
const PARALLEL_SHARDS = 4;

/**
 * Jobs that are not final and for which nothing was done since `beforeMs`, oldest first. The index follows the table with a delay (DynamoDB
 * promises no bound; usually well under a second), so it only proposes: each job is read itself, and what moved on is left out. Then
 * there may be fewer than `limit` although more exist; the next call finds those.
 */
export async function listOpenJobs(
  client: DynamoDBClient,
  tableName: string,
  query: { readonly beforeMs: number; readonly limit: number },
): Promise<readonly Job[]> {
  if (query.limit < 1) return [];
  const entries: Entry[] = [];
  for (let first = 0; first < OPEN_SHARDS; first += PARALLEL_SHARDS) {
    const shards = Array.from({ length: Math.min(PARALLEL_SHARDS, OPEN_SHARDS - first) }, (_, index) => first + index);
    const found = await Promise.all(shards.map((shard) => oldestOf(client, tableName, { ...query, shard })));
    entries.push(...found.flat());
  }
  const oldest = entries.toSorted((left, right) => left.dueAtMs - right.dueAtMs).slice(0, query.limit);
  const keys = oldest.map((entry) => entry.executionId);
  const items = await readAll(client, { tableName, keys, isConsistent: true });
  return keys
    .map((key) => items.get(key))
    .filter((item) => item !== undefined)
    .toSorted((left, right) => dueAtMs(left) - dueAtMs(right))
    .filter((item) => dueAtMs(item) < query.beforeMs)
    .map((item) => decodeJob(item))
    .filter((job) => !isFinalJob(job));
}

async function oldestOf(
  client: DynamoDBClient,
  tableName: string,
  { shard, beforeMs, limit }: { readonly shard: number; readonly beforeMs: number; readonly limit: number },
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const pages = paginateQuery(
    { client },
    {
      TableName: tableName,
      IndexName: OPEN_INDEX.name,
      Limit: Math.min(limit, MAX_PAGE),
      KeyConditionExpression: '#shard = :shard AND #at < :before',
      ExpressionAttributeNames: { '#shard': OPEN_INDEX.partitionKey, '#at': OPEN_INDEX.sortKey },
      ExpressionAttributeValues: { ':shard': { N: String(shard) }, ':before': { N: String(beforeMs) } },
    },
  );
  for await (const page of pages) {
    for (const item of page.Items ?? []) {
      entries.push({ executionId: textOf(item, TABLE_KEY) ?? '', dueAtMs: dueAtMs(item) });
    }
    if (entries.length >= limit) break;
  }
  return entries.slice(0, limit);
}

/** What is no longer open has none, and is last. */
function dueAtMs(item: Item): number {
  return numberOf(item, OPEN_INDEX.sortKey) ?? Number.POSITIVE_INFINITY;
}

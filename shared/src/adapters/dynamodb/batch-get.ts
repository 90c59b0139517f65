import { BatchGetItemCommand, type DynamoDBClient, type KeysAndAttributes } from '@aws-sdk/client-dynamodb';
import { type Item, keyOf, textOf } from './job-item.ts';

/** Limit of the service. */
export const MAX_BATCH_KEYS = 100;

export interface BatchRequest {
  readonly tableName: string;
  /** At most 100, all different. */
  readonly keys: readonly string[];
  readonly projection?: { readonly expression: string; readonly names?: Record<string, string> };
  readonly isConsistent: boolean;
}

export interface BatchAnswer {
  /** By key; what does not exist is not there. */
  readonly found: ReadonlyMap<string, Item>;
  /** Keys that DynamoDB did not get to (16 MB, throttling): nothing is known about them. */
  readonly unread: ReadonlySet<string>;
}

/** One call. */
export async function batchGet(client: DynamoDBClient, request: BatchRequest): Promise<BatchAnswer> {
  if (request.keys.length === 0) return { found: new Map(), unread: new Set() };
  const { projection } = request;
  const what: KeysAndAttributes = {
    Keys: request.keys.map((key) => keyOf(key)),
    ConsistentRead: request.isConsistent,
    ...(projection === undefined ? {} : { ProjectionExpression: projection.expression }),
    ...(projection?.names === undefined ? {} : { ExpressionAttributeNames: projection.names }),
  };
  const answer = await client.send(new BatchGetItemCommand({ RequestItems: { [request.tableName]: what } }));
  return {
    found: new Map((answer.Responses?.[request.tableName] ?? []).map((item) => [keyText(item), item])),
    unread: new Set((answer.UnprocessedKeys?.[request.tableName]?.Keys ?? []).map((key) => keyText(key))),
  };
}

function keyText(item: Item): string {
  return textOf(item, 'executionId') ?? '';
}

/** Calls until every key has been read, any number of them. @throws Error when the table keeps leaving keys out. */
export async function readAll(client: DynamoDBClient, request: BatchRequest): Promise<ReadonlyMap<string, Item>> {
  const found = new Map<string, Item>();
  let left = request.keys;
  for (let emptyAnswers = 0; left.length > 0;) {
    const keys = left.slice(0, MAX_BATCH_KEYS);
    const answer = await batchGet(client, { ...request, keys });
    for (const [key, item] of answer.found) found.set(key, item);
    left = [...answer.unread, ...left.slice(keys.length)];
    emptyAnswers = answer.unread.size === keys.length ? emptyAnswers + 1 : 0;
    if (emptyAnswers >= MAX_EMPTY_ANSWERS) throw new Error(`${left.length} keys were left unread`);
  }
  return found;
}

const MAX_EMPTY_ANSWERS = 5;

/**
 * Where the sources of jobs are: in an item beside the job, or as an object when they are large.
 *
 * A source is written before its job and named by it, so that a crash in between leaves a source without a job (removed in time by the
 * table's time to live and the bucket's lifecycle) and never a job without its source. Two submissions under one id must not overwrite
 * each other's: each source carries the token of the submission that wrote it, and a job belongs to the source with its own token.
 *
 *   src#<id>            the first submission under the id: nearly always the only one
 *   src#<id>#<token>    a later one that found the place taken and no job yet: a race, or what a crash left
 *   sources/<id>/<token>   object of a large one; the job keeps its path
 */
import { DeleteItemCommand, type DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type JobSource, sourceItemKey, sourceKey } from '../../domain/index.ts';
import { InternalError } from '../../errors/index.ts';
import type { ArtifactStore } from '../../ports/index.ts';
import { isConditionFailure } from './errors.ts';
import { epochSeconds, type Item, keyOf, textOf, toItem } from './job-item.ts';
import { decodeSource, encodeSource } from './source-item.ts';

/** What a job's item keeps of its source. */
export interface SourceReference {
  readonly sourceToken: string;
  /** Path in the artifact store; null when the source is an item. */
  readonly sourcePath: string | null;
}

interface NewSource {
  readonly executionId: string;
  readonly expiresAtMs: number;
  readonly source: JobSource;
  readonly token: string;
}

export class DynamoSources {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;
  readonly #objects: ArtifactStore;

  constructor(client: DynamoDBClient, tableName: string, objects: ArtifactStore) {
    this.#client = client;
    this.#tableName = tableName;
    this.#objects = objects;
  }

  /** `jobExists` is asked when another submission was here first: if it says yes, nothing is written and the answer is null. */
  async put(added: NewSource, jobExists: () => Promise<boolean>): Promise<SourceReference | null> {
    const { executionId, token } = added;
    const { object, item: body } = await encodeSource(added.source);
    if (body === null) {
      const options = { contentType: 'application/json' };
      const path = await this.#objects.put(objectKey(executionId, token), object, options);
      return { sourceToken: token, sourcePath: path };
    }
    const item = {
      sourceToken: token,
      expiresAt: epochSeconds(added.expiresAtMs),
      body: body.bytes,
      ...(body.isDeflated ? { isDeflated: true } : {}),
    };
    const isFirst = await this.#putFirst({ executionId: sourceItemKey(executionId), ...item }, token);
    if (!isFirst) {
      if (await jobExists()) return null;
      const Item = toItem({ executionId: itemKeyApart(executionId, token), ...item });
      await this.#client.send(new PutItemCommand({ TableName: this.#tableName, Item }));
    }
    return { sourceToken: token, sourcePath: null };
  }

  async #putFirst(attributes: Record<string, unknown>, token: string): Promise<boolean> {
    try {
      await this.#client.send(
        new PutItemCommand({
          TableName: this.#tableName,
          Item: toItem(attributes),
          ConditionExpression: 'attribute_not_exists(executionId)',
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return true;
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      // Ours, when the first try got through and only its answer was lost.
      return textOf(error.Item, 'sourceToken') === token;
    }
  }

  /** Null when there is no such job, or its source is over. Job and source are read at once. */
  async get(executionId: string): Promise<JobSource | null> {
    const [job, first] = await Promise.all([
      this.#read(executionId, 'sourceToken, sourcePath'),
      this.#read(sourceItemKey(executionId)),
    ]);
    const reference = referenceOf(job);
    if (reference === null) return null;
    const { sourceToken, sourcePath } = reference;
    if (sourcePath !== null) {
      const bytes = await this.#objects.get(sourcePath);
      return bytes === null ? null : decodeSource({ bytes, isDeflated: false });
    }
    const isFirst = textOf(first, 'sourceToken') === sourceToken;
    const item = isFirst ? first : await this.#read(itemKeyApart(executionId, sourceToken));
    if (item === undefined) return null;
    const bytes = item['body']?.B;
    if (bytes === undefined) throw new InternalError(new Error(`the source of ${executionId} has no body`));
    return decodeSource({ bytes, isDeflated: item['isDeflated']?.BOOL === true });
  }

  /** Idempotent. Removes the source with this token and no other. */
  async remove(executionId: string, { sourceToken, sourcePath }: SourceReference): Promise<void> {
    if (sourcePath !== null) return this.#objects.deletePrefix(objectKey(executionId, sourceToken));
    try {
      await this.#client.send(
        new DeleteItemCommand({
          TableName: this.#tableName,
          Key: keyOf(sourceItemKey(executionId)),
          ConditionExpression: 'sourceToken = :token',
          ExpressionAttributeValues: { ':token': { S: sourceToken } },
        }),
      );
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const Key = keyOf(itemKeyApart(executionId, sourceToken));
      await this.#client.send(new DeleteItemCommand({ TableName: this.#tableName, Key }));
    }
  }

  /** Consistent: the job was written an instant ago, and a replica may not have it yet. */
  async #read(key: string, projection?: string): Promise<Item | undefined> {
    const { Item } = await this.#client.send(
      new GetItemCommand({
        TableName: this.#tableName,
        Key: keyOf(key),
        ConsistentRead: true,
        ...(projection === undefined ? {} : { ProjectionExpression: projection }),
      }),
    );
    return Item;
  }
}

/** Null for what is no job. */
export function referenceOf(job: Item | undefined): SourceReference | null {
  const sourceToken = textOf(job, 'sourceToken');
  return sourceToken === null ? null : { sourceToken, sourcePath: textOf(job, 'sourcePath') };
}

function itemKeyApart(executionId: string, token: string): string {
  return `${sourceItemKey(executionId)}#${token}`;
}

function objectKey(executionId: string, token: string): string {
  return `${sourceKey(executionId)}/${token}`;
}

import { type DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { translated } from './errors.ts';
import { keyOf, toItem } from './job-item.ts';

/** What a language's toolchain says of itself where programs run. Gateways have none of their own and show this. */
export interface LanguageFact {
  readonly language: string;
  /** Its first line about its version, such as `Python 3.13.5`. */
  readonly toolchain: string;
  /** The executor that asked it, and when. */
  readonly worker: string;
  readonly foundAtMs: number;
}

/** One item for all languages: a gateway reads it in one call, and executors write it once an hour. */
const KEY = 'languages';
/** Keeps the attributes of languages apart from the key. */
const PREFIX = 'lang#';

export class DynamoLanguageFacts {
  readonly #client: DynamoDBClient;
  readonly #tableName: string;

  constructor({ client, table }: { readonly client: DynamoDBClient; readonly table: string }) {
    this.#client = client;
    this.#tableName = table;
  }

  /** The last word of any executor stands; the others' languages stay as they are. @throws AppError. */
  async putLanguageVersion({
    language,
    toolchain,
    worker,
    nowMs,
  }: Omit<LanguageFact, 'foundAtMs'> & { readonly nowMs: number }): Promise<void> {
    await translated(() =>
      this.#client.send(
        new UpdateItemCommand({
          TableName: this.#tableName,
          Key: keyOf(KEY),
          UpdateExpression: 'SET #language = :fact',
          ExpressionAttributeNames: { '#language': `${PREFIX}${language}` },
          ExpressionAttributeValues: toItem({ ':fact': { toolchain, worker, foundAtMs: nowMs } }),
        }),
      ),
    );
  }

  /** All that was ever found, by language; `foundAtMs` says how old it is. @throws AppError. */
  async listLanguageVersions(): Promise<readonly LanguageFact[]> {
    const { Item } = await translated(() =>
      this.#client.send(new GetItemCommand({ TableName: this.#tableName, Key: keyOf(KEY) })),
    );
    return Object.entries(unmarshall(Item ?? {}))
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, fact]) => ({ language: name.slice(PREFIX.length), ...(fact as Omit<LanguageFact, 'language'>) }))
      .toSorted((left, right) => (left.language < right.language ? -1 : 1));
  }
}

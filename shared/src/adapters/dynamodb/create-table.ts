import {
  CreateTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ResourceInUseException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { BY_OWNER_INDEX, KEY_ATTRIBUTE_TYPES, OPEN_INDEX, TABLE_KEY, TTL_ATTRIBUTE } from './table-schema.ts';

const MAX_WAIT_SEC = 120;

/**
 * Makes the table with its indexes and its time to live, or leaves it as it is; resolves when it may be used. For stand-ins and tests:
 * on AWS the stack in `infra/` makes the same table, protected and with backups.
 */
export async function createTable(
  client: DynamoDBClient,
  tableName: string,
  { timeToLive = true }: { readonly timeToLive?: boolean } = {},
): Promise<void> {
  try {
    await client.send(
      new CreateTableCommand({
        TableName: tableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: Object.entries(KEY_ATTRIBUTE_TYPES).map(([AttributeName, AttributeType]) => ({
          AttributeName,
          AttributeType,
        })),
        KeySchema: keySchema(TABLE_KEY),
        GlobalSecondaryIndexes: [
          {
            IndexName: BY_OWNER_INDEX.name,
            KeySchema: keySchema(BY_OWNER_INDEX.partitionKey, BY_OWNER_INDEX.sortKey),
            Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: [...BY_OWNER_INDEX.projected] },
          },
          {
            IndexName: OPEN_INDEX.name,
            KeySchema: keySchema(OPEN_INDEX.partitionKey, OPEN_INDEX.sortKey),
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
  } catch (error) {
    // It exists, or another process is making it right now.
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  // The waiter's own first pause of 20 s is made for AWS, where a table takes that long.
  await waitUntilTableExists({ client, minDelay: 1, maxDelay: 2, maxWaitTime: MAX_WAIT_SEC }, { TableName: tableName });
  if (timeToLive) await enableTimeToLive(client, tableName);
}

/** Asked first: to switch on what is on is an error. Asked again after an error: another process may have been quicker. */
async function enableTimeToLive(client: DynamoDBClient, tableName: string): Promise<void> {
  if (await hasTimeToLive(client, tableName)) return;
  const specification = { Enabled: true, AttributeName: TTL_ATTRIBUTE };
  try {
    await client.send(new UpdateTimeToLiveCommand({ TableName: tableName, TimeToLiveSpecification: specification }));
  } catch (error) {
    if (!(await hasTimeToLive(client, tableName))) throw error;
  }
}

async function hasTimeToLive(client: DynamoDBClient, tableName: string): Promise<boolean> {
  const found = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  const status = found.TimeToLiveDescription?.TimeToLiveStatus;
  return status === 'ENABLED' || status === 'ENABLING';
}

function keySchema(partitionKey: string, sortKey?: string) {
  const partition = { AttributeName: partitionKey, KeyType: 'HASH' as const };
  return sortKey === undefined ? [partition] : [partition, { AttributeName: sortKey, KeyType: 'RANGE' as const }];
}

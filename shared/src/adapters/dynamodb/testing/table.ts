import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FilesystemArtifactStore } from '../../filesystem/index.ts';
import { ManualClock, TemporaryFolder } from '../../../testing/index.ts';
import { createTable, DynamoJobStore } from '../index.ts';

/** An empty table on the server under test, for one test. */
export interface TestTable {
  readonly client: DynamoDBClient;
  readonly name: string;
  readonly objects: FilesystemArtifactStore;
  /** A store of its own over the same table. */
  store(client?: DynamoDBClient): DynamoJobStore;
  readonly setNowMs: (nowMs: number) => void;
  dispose(): Promise<void>;
}

/** A client as the services make it, but patient: hundreds of calls at once on a busy machine. `endpoint` is for a proxy in between. */
export function newClient(endpoint: string = testEndpoint()): DynamoDBClient {
  return new DynamoDBClient({
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 30_000, requestTimeout: 30_000, throwOnRequestTimeout: true },
  });
}

export function testEndpoint(): string {
  const endpoint = process.env['AWS_ENDPOINT_URL_DYNAMODB'] ?? process.env['AWS_TEST_DYNAMODB_ENDPOINT'];
  if (endpoint === undefined) throw new Error('no DynamoDB to test against: run the suite as vitest project aws');
  return endpoint;
}

/** Without time to live: tests live in a January long past, and a server may really remove what is over. */
export async function useTable(): Promise<TestTable> {
  const client = newClient();
  const name = `jobs-${randomUUID()}`;
  const folder = new TemporaryFolder();
  const clock = new ManualClock();
  const objects = new FilesystemArtifactStore({
    directory: folder.join('objects'),
    secret: Buffer.alloc(32),
    publicBaseUrl: () => 'http://localhost',
    clock,
    minFreeBytes: 0,
  });
  await createTable(client, name, { timeToLive: false });
  return {
    client,
    name,
    objects,
    store: (other = client) => new DynamoJobStore({ client: other, table: name, sources: objects, clock }),
    setNowMs: (nowMs) => clock.advance(nowMs - clock.nowMs()),
    async dispose() {
      await client.send(new DeleteTableCommand({ TableName: name }));
      client.destroy();
      folder[Symbol.dispose]();
    },
  };
}

import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';
import { artifactStoreContract } from '../../testing/index.ts';
import { createS3Client, createS3SigningClient } from '../aws/aws-clients.ts';
import { testAwsConfig } from '../aws/testing/test-config.ts';
import { systemClock } from '../in-process/index.ts';
import { createBucket, S3ArtifactStore } from './index.ts';

const config = testAwsConfig();
const { bucket } = config;
const client = createS3Client(config);
const signingClient = createS3SigningClient(config);
const store = new S3ArtifactStore({ client, signingClient, bucket, clock: systemClock });
const LIFE_MS = 6_000;

beforeAll(() => createBucket(client, { bucket, retentionDays: 7 }));
afterAll(() => {
  client.destroy();
  signingClient.destroy();
});

artifactStoreContract('S3', async () => {
  const startMs = Date.now();
  return {
    store,
    linkLifeMs: LIFE_MS,
    async follow(url, afterMs) {
      await sleep(Math.max(0, startMs + afterMs - Date.now()));
      const response = await fetch(url);
      return response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
    },
    async dispose() {
      for (const prefix of ['outputs/', 'sources/']) await store.deletePrefix(prefix);
    },
  };
});

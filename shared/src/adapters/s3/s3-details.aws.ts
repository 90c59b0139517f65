import { GetBucketLifecycleConfigurationCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FatalDependencyError } from '../../errors/index.ts';
import { createS3Client, createS3SigningClient } from '../aws/aws-clients.ts';
import type { AwsConfig } from '../aws/aws-config.ts';
import { testAwsConfig } from '../aws/testing/test-config.ts';
import { systemClock } from '../in-process/index.ts';
import { createBucket, S3ArtifactStore } from './index.ts';

const TEXT = { contentType: 'text/plain; charset=utf-8' };
const KEY = 'outputs/x/1/combined.txt';

const config = testAwsConfig();
const client = createS3Client(config);

function open(other: AwsConfig = config): S3ArtifactStore {
  const signingClient = createS3SigningClient(other);
  return new S3ArtifactStore({
    client: createS3Client(other),
    signingClient,
    bucket: other.bucket,
    clock: systemClock,
  });
}

beforeAll(() => createBucket(client, config));
afterAll(() => client.destroy());

test('a download is text and never a page, whatever the program printed', async () => {
  const store = open();
  const path = await store.put(KEY, Buffer.from('<script>alert(1)</script>'), { contentType: 'text/html' });
  const { url, expiresAtMs } = await store.signUrl(path, { expiresInMs: 60_000, fileName: 'a"b\r\nc.txt' });
  const response = await fetch(url);
  expect(await response.text()).toBe('<script>alert(1)</script>');
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  expect(response.headers.get('content-disposition')).toBe('attachment; filename="a_b__c.txt"');
  expect(expiresAtMs % 1000).toBe(0);
  expect(expiresAtMs - Date.now()).toBeGreaterThan(0);
  expect(expiresAtMs - Date.now()).toBeLessThanOrEqual(60_000);
});

test('a link cannot be bent: not its type, its life, nor its signer', async () => {
  const store = open();
  const path = await store.put('outputs/y/1/combined.txt', Buffer.from('mine'), TEXT);
  const { url } = await store.signUrl(path, { expiresInMs: 60_000, fileName: 'a.txt' });
  const bent = [
    url.replace(/response-content-type=[^&]*/, 'response-content-type=text%2Fhtml'),
    url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=600000'),
    url.replace(/response-content-disposition=[^&]*&/, ''),
  ];
  for (const other of bent) {
    expect(other).not.toBe(url);
    expect((await fetch(other)).status).toBe(403);
  }
  expect((await fetch(url)).status).toBe(200);
});

test('links name the address at which clients reach the bucket', async () => {
  const store = open({ ...config, endpoints: { ...config.endpoints, s3Public: 'https://files.example.org' } });
  const { url } = await store.signUrl(`s3://${config.bucket}/${KEY}`, { expiresInMs: 60_000, fileName: 'a.txt' });
  expect(url).toMatch(new RegExp(`^https://files\\.example\\.org/${config.bucket}/${KEY}\\?`));
  expect(url).not.toMatch(/checksum/i);
});

test('a path of another bucket is none of ours', async () => {
  expect(await open().get(`s3://other/${KEY}`)).toBeNull();
  await expect(open().signUrl(`s3://other/${KEY}`, { expiresInMs: 1, fileName: 'a' })).rejects.toMatchObject({
    code: 'internal',
  });
});

test('deletePrefix goes on beyond the thousand objects that one answer names', async () => {
  const store = open();
  const body = Buffer.from('x');
  for (let start = 0; start < 1050; start += 50) {
    const keys = Array.from({ length: 50 }, (_, index) => `outputs/many/1/f${start + index}`);
    await Promise.all(keys.map((key) => store.put(key, body, TEXT)));
  }
  await store.deletePrefix('outputs/many/');
  for (const index of [0, 999, 1000, 1049]) {
    expect(await store.get(`s3://${config.bucket}/outputs/many/1/f${index}`)).toBeNull();
  }
});

test('a bucket that does not exist is an error that does not pass; a server that does not answer may come back', async () => {
  const missing = open({ ...config, bucket: 'no-such-bucket' });
  await expect(missing.put(KEY, Buffer.from('x'), TEXT)).rejects.toBeInstanceOf(FatalDependencyError);
  const silent = open({ ...config, endpoints: { ...config.endpoints, s3: 'http://127.0.0.1:1' } });
  const error: unknown = await silent.put(KEY, Buffer.from('x'), TEXT).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'dependency_unavailable' });
  expect(error).not.toBeInstanceOf(FatalDependencyError);
});

test('objects end a day after their jobs; the bucket can be made again', async () => {
  await createBucket(client, { ...config, retentionDays: 30 });
  const { Rules: rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket: config.bucket }));
  expect(rules).toMatchObject([
    { Status: 'Enabled', Filter: { Prefix: 'outputs/' }, Expiration: { Days: 31 } },
    { Status: 'Enabled', Filter: { Prefix: 'sources/' }, Expiration: { Days: 31 } },
  ]);
});

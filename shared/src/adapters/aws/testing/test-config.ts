import { randomUUID } from 'node:crypto';
import { loadAwsConfig, type AwsConfig } from '../aws-config.ts';

/** The stand-in that the suite runs against, with names that no other test has. */
export function testAwsConfig(env: Readonly<Record<string, string>> = {}): AwsConfig {
  if (process.env['AWS_ENDPOINT_URL_SQS'] === undefined) {
    throw new Error('no AWS stand-in to test against: run the suite as vitest project aws');
  }
  const id = randomUUID().slice(0, 8);
  const names = { DYNAMODB_TABLE: `jobs-${id}`, SQS_QUEUE_PREFIX: `test-${id}-`, CODE_EXEC_BUCKET: `test-${id}` };
  return loadAwsConfig({ ...process.env, ...names, ...env });
}

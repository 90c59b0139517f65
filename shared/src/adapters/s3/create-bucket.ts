import {
  CreateBucketCommand,
  type LifecycleRule,
  PutBucketLifecycleConfigurationCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { hasName, translated } from './s3-errors.ts';

/** Everything that jobs leave in the bucket; see `domain/names.ts`. */
const PREFIXES = ['outputs/', 'sources/'] as const;
/** The rule counts from midnight: one day more than jobs are kept, so that no job outlives what it points at. */
const SPARE_DAYS = 1;

/** The bucket, closed to the public, with objects ending after their jobs. Idempotent; an existing bucket keeps what it holds. */
export async function createBucket(
  client: S3Client,
  { bucket, retentionDays }: { readonly bucket: string; readonly retentionDays: number },
): Promise<void> {
  await translated(async () => {
    await createIfMissing(client, bucket);
    await client.send(
      new PutPublicAccessBlockCommand({
        Bucket: bucket,
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      }),
    );
    await client.send(
      new PutBucketLifecycleConfigurationCommand({
        Bucket: bucket,
        LifecycleConfiguration: { Rules: PREFIXES.map((prefix) => expiryRule(prefix, retentionDays + SPARE_DAYS)) },
      }),
    );
  });
}

async function createIfMissing(client: S3Client, bucket: string): Promise<void> {
  const region = await client.config.region();
  // The first region of all must not be named.
  const place =
    region === 'us-east-1' ? {} : { CreateBucketConfiguration: { LocationConstraint: region as 'eu-west-1' } };
  try {
    await client.send(new CreateBucketCommand({ Bucket: bucket, ...place }));
  } catch (error) {
    if (!hasName(error, 'BucketAlreadyOwnedByYou')) throw error;
  }
}

function expiryRule(prefix: string, days: number): LifecycleRule {
  return {
    ID: `expire-${prefix.replace('/', '')}`,
    Status: 'Enabled',
    Filter: { Prefix: prefix },
    Expiration: { Days: days },
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
  };
}

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';

/**
 * Outputs and large sources. Nothing in it is public: clients follow signed links. Objects end with their jobs: the lifecycle is what
 * removes them, nobody sweeps.
 */
export function artifactsBucket(
  scope: Construct,
  { bucketName, lifeDays, prefixes }: { bucketName: string; lifeDays: number; prefixes: readonly string[] },
): Bucket {
  return new Bucket(scope, 'Artifacts', {
    bucketName,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    lifecycleRules: prefixes.map((prefix) => ({
      id: `expire-${prefix.replace('/', '')}`,
      prefix,
      expiration: Duration.days(lifeDays),
      abortIncompleteMultipartUploadAfter: Duration.days(1),
    })),
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

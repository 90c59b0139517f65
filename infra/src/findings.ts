import { Stack, Validations } from 'aws-cdk-lib';
import type { CfnBucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ALL_OUTPUTS, ALL_SOURCES } from './access-policies.ts';
import type { DataStack } from './data-stack.ts';

/** Findings of cdk-nag that are decisions. Each is for one construct: the same rule anywhere else stops the synthesis. */
export function acknowledgeFindings({ data, access }: DataStack): void {
  acknowledge(
    data.bucket,
    'S1',
    'Every access is by a role of ours or by a link that the gateway made and logged. Access logs would double the requests; data events of CloudTrail are switched on where an investigation needs them.',
  );
  const bucketId = Stack.of(data.bucket).getLogicalId(data.bucket.node.defaultChild as CfnBucket);
  for (const policy of [access.gateway, access.executor]) {
    for (const objects of [ALL_OUTPUTS, ALL_SOURCES]) {
      acknowledge(
        policy,
        `IAM5[Resource::<${bucketId}.Arn>/${objects}]`,
        'Keys hold the random id of a job, so a service needs all objects of a kind; the other kinds stay closed to it.',
      );
    }
  }
}

function acknowledge(construct: Construct, rule: string, reason: string): void {
  Validations.of(construct).acknowledge({ id: `AwsSolutions::AwsSolutions-${rule}`, reason });
}

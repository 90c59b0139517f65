/**
 * Everything of one cell that must outlive its servers: the table of jobs, two queues per language, the bucket, and who may do what
 * with them. Names come from `shared/src/domain/names.ts`, keys and settings from the adapters, so that this stack and the set-up of a
 * stand-in (`shared/src/adapters/aws`) make the same things; a test compares them.
 */
import { CfnOutput, Stack, type StackProps, Tags } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { accessPolicies, type AccessPolicies, type DataResources } from './access-policies.ts';
import { artifactsBucket } from './artifacts-bucket.ts';
import type { DataConfig } from './config.ts';
import { jobsTable } from './jobs-table.ts';
import { languageQueues } from './language-queues.ts';

/** The lifecycle counts from midnight: one day more than jobs are kept, so that no job outlives what it points at. */
const SPARE_DAYS = 1;
const PREFIXES = ['outputs/', 'sources/'] as const;

export class DataStack extends Stack {
  readonly data: DataResources;
  readonly access: AccessPolicies;

  constructor(scope: Construct, id: string, config: DataConfig, props: StackProps = {}) {
    super(scope, id, { terminationProtection: true, description: 'Runyard: data of one cell', ...props });
    Tags.of(this).add('runyard:env', config.deployment.env);
    Tags.of(this).add('runyard:cell', String(config.deployment.cell));
    this.data = {
      table: jobsTable(this, config.table),
      bucket: artifactsBucket(this, {
        bucketName: config.bucket,
        lifeDays: config.retentionDays + SPARE_DAYS,
        prefixes: PREFIXES,
      }),
      queues: new Map(
        config.languages.map((language) => [language, languageQueues(this, { prefix: config.queuePrefix, language })]),
      ),
    };
    this.access = accessPolicies(this, this.data);
    // For the variables of the services.
    this.#output('DynamodbTable', this.data.table.tableName);
    this.#output('CodeExecBucket', this.data.bucket.bucketName);
    this.#output('SqsQueuePrefix', config.queuePrefix);
  }

  #output(id: string, value: string): CfnOutput {
    return new CfnOutput(this, id, { value });
  }
}

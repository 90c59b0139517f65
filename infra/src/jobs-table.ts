import {
  BY_OWNER_INDEX,
  KEY_ATTRIBUTE_TYPES,
  OPEN_INDEX,
  TABLE_KEY,
  TTL_ATTRIBUTE,
} from '@runyard/shared/adapters/dynamodb';
import { RemovalPolicy } from 'aws-cdk-lib';
import { type Attribute, AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';

/**
 * Fuses against a bill that runs away, not a capacity plan: a cell of 2,000 jobs per second writes 24,000 units and reads fewer. Beyond
 * them DynamoDB throttles, and the service answers 503.
 */
const MAX_WRITE_UNITS = 30_000;
const MAX_READ_UNITS = 30_000;

/** The table that `createTable` makes for stand-ins, with what only AWS has: backups, protection against deletion, fuses. */
export function jobsTable(scope: Construct, tableName: string): Table {
  const table = new Table(scope, 'Jobs', {
    tableName,
    partitionKey: attribute(TABLE_KEY),
    billingMode: BillingMode.PAY_PER_REQUEST,
    maxWriteRequestUnits: MAX_WRITE_UNITS,
    maxReadRequestUnits: MAX_READ_UNITS,
    timeToLiveAttribute: TTL_ATTRIBUTE,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  table.addGlobalSecondaryIndex({
    indexName: BY_OWNER_INDEX.name,
    partitionKey: attribute(BY_OWNER_INDEX.partitionKey),
    sortKey: attribute(BY_OWNER_INDEX.sortKey),
    projectionType: ProjectionType.INCLUDE,
    nonKeyAttributes: [...BY_OWNER_INDEX.projected],
  });
  table.addGlobalSecondaryIndex({
    indexName: OPEN_INDEX.name,
    partitionKey: attribute(OPEN_INDEX.partitionKey),
    sortKey: attribute(OPEN_INDEX.sortKey),
    projectionType: ProjectionType.KEYS_ONLY,
  });
  return table;
}

function attribute(name: keyof typeof KEY_ATTRIBUTE_TYPES): Attribute {
  return { name, type: KEY_ATTRIBUTE_TYPES[name] === 'S' ? AttributeType.STRING : AttributeType.NUMBER };
}

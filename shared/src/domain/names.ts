/**
 * Every name that two parts of the system must agree on: tables, queues, buckets, object keys, labels, cgroups. Services, set-up,
 * infrastructure and tests import them from here; nobody spells one out.
 */

/** Which deployment the names belong to. */
export interface Deployment {
  /** RUNYARD_ENV */
  readonly env: string;
  /** RUNYARD_CELL: 0 to 255. */
  readonly cell: number;
}

export type OutputStream = 'combined' | 'stdout' | 'stderr';

const OUTPUT_FILES: Readonly<Record<OutputStream, string>> = {
  combined: 'combined.txt',
  stdout: 'stdout',
  stderr: 'stderr',
};

/** Labels of containers, and the prefix that says that something is ours to remove. */
export const LABELS = { sandbox: 'runyard.sandbox', owner: 'runyard.owner', expires: 'runyard.expires' } as const;
export const CGROUP_ROOT = '/runyard';
export const API_KEY_PREFIX = 'ry_';
/** Users that steps run as: one per running sandbox of a host. */
export const UID_RANGE = { first: 200_000, last: 209_999 } as const;

export function tableName(deployment: Deployment): string {
  return `${prefix(deployment)}jobs`;
}

/** Key of the item that holds a job's source in the table of jobs. */
export function sourceItemKey(executionId: string): string {
  return `src#${executionId}`;
}

export function queuePrefix(deployment: Deployment): string {
  return prefix(deployment);
}

export function queueName(queueNamePrefix: string, language: string): string {
  return `${queueNamePrefix}${language}`;
}

export function deadLetterQueueName(queueNamePrefix: string, language: string): string {
  return `${queueName(queueNamePrefix, language)}-dlq`;
}

export function bucketName(deployment: Deployment): string {
  return `${prefix(deployment)}artifacts`;
}

export function outputKey(executionId: string, attempt: number, stream: OutputStream): string {
  return `${outputsPrefix(executionId)}${attempt}/${OUTPUT_FILES[stream]}`;
}

/** What all outputs of a job, of every attempt, start with. */
export function outputsPrefix(executionId: string): string {
  return `outputs/${executionId}/`;
}

export function sourceKey(executionId: string): string {
  return `sources/${executionId}`;
}

/** Parts of letters, digits, `.`, `_` and `-`, none starting with a dot, joined by `/`. Everything above makes such keys. */
export function isObjectKey(key: string): boolean {
  return key.length <= 512 && key.split('/').every((part) => KEY_PART.test(part));
}

const KEY_PART = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** What a job record keeps of an object in the embedded backend. */
export function embeddedPath(key: string): string {
  return `${EMBEDDED_SCHEME}${key}`;
}

/** The key in such a path; null for anything else. */
export function keyOfEmbeddedPath(path: string): string | null {
  if (!path.startsWith(EMBEDDED_SCHEME)) return null;
  const key = path.slice(EMBEDDED_SCHEME.length);
  return isObjectKey(key) ? key : null;
}

const EMBEDDED_SCHEME = 'artifact:///';

function prefix(deployment: Deployment): string {
  return `runyard-${deployment.env}-${deployment.cell}-`;
}

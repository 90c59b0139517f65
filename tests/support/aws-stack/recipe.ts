/**
 * What the stand-in for AWS is made of: a Debian root (Python, Java) as the sandbox's runtime roots are, and beside it a layer
 * with LocalStack 4.14.0 (SQS, S3; Apache-2.0, archived, so pinned for ever) and DynamoDB Local 2.6.1 (free to use, not to be
 * passed on: fetched here, never committed or published). Both come from PyPI and Maven Central, each file checked by its SHA-256.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { RootRecipe } from '@runyard/sandbox/runtime-root';

/** Where the layer appears inside the root. */
export const LAYER_MOUNT = '/opt/runyard/aws';
/** In the layer: where LocalStack looks for what it would otherwise download. */
export const LIBS = 'libs';

const SCRIPTS = ['localstack-main.py', 'arrange-dynamodb.py'] as const;

/** Raised whenever the same files make another layer. */
const BUILDER_VERSION = 1;

export const ROOT_RECIPE: RootRecipe = {
  debianPackages: ['ca-certificates', 'curl', 'openjdk-21-jre-headless', 'python3', 'python3-pip-whl'],
  npmPackages: {},
  // Makes the folder that the layer is mounted on: the root itself is shared and never written to.
  files: { 'opt/runyard/aws/README': 'The AWS stand-in is mounted here.\n' },
  prepare: [],
  versionCommands: {},
};

export interface LayerFiles {
  /** For `pip install --require-hashes`. */
  readonly requirements: string;
  readonly jars: readonly Jar[];
  /** Content by name. */
  readonly scripts: Readonly<Record<string, string>>;
}

export interface Jar {
  /** Below the root of a Maven repository. */
  readonly path: string;
  readonly sha256: string;
}

export function readLayerFiles(): LayerFiles {
  return {
    requirements: read('requirements.lock'),
    jars: parseJars(read('jars.lock')),
    scripts: Object.fromEntries(SCRIPTS.map((name) => [name, read(name)])),
  };
}

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8');
}

/** The format of `sha256sum`. */
function parseJars(text: string): readonly Jar[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const match = /^([0-9a-f]{64}) {2}([\w./-]+)$/.exec(line);
      if (match?.[1] === undefined || match[2] === undefined) throw new Error(`not a line of jars.lock: ${line}`);
      return { sha256: match[1], path: match[2] };
    });
}

/** 16 hex digits; another root or another file is another layer (bytecode fits one Python only). */
export function layerId(files: LayerFiles, rootId: string): string {
  const parts = [BUILDER_VERSION, rootId, process.arch, files];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

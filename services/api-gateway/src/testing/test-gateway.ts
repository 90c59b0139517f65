import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilesystemArtifactStore, verifyArtifactLink } from '@runyard/shared/adapters/filesystem';
import { InProcessJobEvents, publishingJobStore } from '@runyard/shared/adapters/in-process';
import { SqliteArtifactStore, SqliteDatabase, SqliteJobQueue, SqliteJobStore } from '@runyard/shared/adapters/sqlite';
import { embeddedPath, emptyOutcome, type InstalledLanguage, type JobOutcome, outputKey } from '@runyard/shared/domain';
import type { JobStore } from '@runyard/shared/ports';
import { pino } from 'pino';
import { loadConfig } from '../config.ts';
import { type Gateway, type GatewayOptions, startGateway } from '../server.ts';
import { post } from './api-client.ts';

/** A gateway on the embedded adapters in a folder of its own, with a clock that stands still until it is moved. */
export interface TestGateway extends AsyncDisposable {
  readonly url: string;
  readonly gateway: Gateway;
  readonly store: JobStore;
  readonly queue: SqliteJobQueue;
  readonly events: InProcessJobEvents;
  readonly logLines: Record<string, unknown>[];
  readonly clock: { nowMs: () => number; moveMs: (byMs: number) => void };
  /** Runs the job as an executor would, with this as its output. */
  finish(executionId: string, end?: { output?: string; outcome?: Partial<JobOutcome> }): Promise<void>;
  claim(executionId: string): Promise<number>;
  /** After an attack: an honest job is accepted, no prototype has grown, and nothing was logged as a fault of ours. */
  assertUnharmed(): Promise<void>;
}

/** The smallest submission. */
export const JOB = { language: 'python', code: 'print(1)' };

export interface TestGatewayOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly overrides?: (parts: GatewayOptions) => Partial<GatewayOptions>;
}

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const SECRET = Buffer.alloc(32, 7);

export async function startTestGateway({ env = {}, overrides }: TestGatewayOptions = {}): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'runyard-gateway-'));
  const clock = testClock();
  const database = SqliteDatabase.open(join(folder, 'runyard.db'));
  const events = new InProcessJobEvents();
  const store = publishingJobStore(new SqliteJobStore(database), events);
  const queue = new SqliteJobQueue(database, { clock });
  let url = '';
  const files = { directory: join(folder, 'artifacts'), secret: SECRET, publicBaseUrl: () => url, clock };
  const artifacts = new SqliteArtifactStore(database, new FilesystemArtifactStore(files));
  const logLines: Record<string, unknown>[] = [];
  const logger = pino(
    { level: 'debug' },
    { write: (line) => logLines.push(JSON.parse(line) as Record<string, unknown>) },
  );
  const options: GatewayOptions = {
    config: loadConfig({ PORT: '0', ...env }),
    store,
    queue,
    artifacts,
    events,
    clock,
    logger,
    languages: TEST_LANGUAGES,
    secret: SECRET,
    cell: 0,
    version: { version: '1.2.3', details: { launcher: 'none' } },
    sandboxProbe: () => Promise.resolve({ isReady: true, detail: 'last run 1 s ago' }),
    verifyArtifactLink: (parts, nowMs) => {
      const link = verifyArtifactLink(SECRET, parts, nowMs);
      return link === null ? null : { path: embeddedPath(link.key), fileName: link.fileName };
    },
  };
  const gateway = await startGateway({ ...options, ...overrides?.(options) });
  url = gateway.address.url;

  const claim = async (executionId: string) => {
    const result = await store.claim(executionId, { worker: 'test', nowMs: clock.nowMs(), leaseMs: 45_000 });
    if (result.kind !== 'claimed') throw new Error(`cannot claim: ${result.kind}`);
    return result.job.attempt;
  };
  const finish: TestGateway['finish'] = async (executionId, { output = '', outcome = {} } = {}) => {
    const attempt = await claim(executionId);
    const key = outputKey(executionId, attempt, 'combined');
    const path = output === '' ? null : await artifacts.put(key, Buffer.from(output), { contentType: 'text/plain' });
    const settled = {
      ...emptyOutcome('ok', null),
      step: 'run' as const,
      exitCode: 0,
      outputPath: path,
      stdoutPath: path,
      outputBytes: Buffer.byteLength(output),
      stdoutPreview: output.slice(0, 500),
      ...outcome,
    };
    const result = await store.settle(executionId, { attempt, nowMs: clock.nowMs(), outcome: settled });
    if (result.kind !== 'finished') throw new Error(`cannot settle: ${result.kind}`);
  };
  const assertUnharmed = async () => {
    const { status } = await post(`${url}/submit`, JOB);
    assert.equal(status, 202);
    assert.deepEqual(Object.keys(Object.prototype), []);
    assert.equal('polluted' in {}, false);
    assert.deepEqual(
      logLines.filter((line) => line['level'] === pino.levels.values['error']),
      [],
    );
  };
  return {
    assertUnharmed,
    url,
    gateway,
    store,
    queue,
    events,
    logLines,
    clock,
    claim,
    finish,
    async [Symbol.asyncDispose]() {
      await gateway.drain(1000);
      database.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function testClock() {
  let nowMs = START_MS;
  return {
    nowMs: () => nowMs,
    moveMs: (byMs: number) => {
      nowMs += byMs;
    },
  };
}

const PYTHON: InstalledLanguage = {
  id: 'python',
  name: 'Python',
  aliases: ['py', 'python3'],
  sourceFile: 'main.py',
  compile: null,
  run: { argv: ['python3', 'main.py'] },
  environment: {},
  limits: { run: {}, compile: {} },
  packages: { debian: ['python3'], npm: {} },
  prepare: [],
  versionCommand: ['python3', '--version'],
  sample: { code: 'print(1)', input: '', output: '1\n' },
  toolchain: 'Python 3.13.5',
  version: '3.13.5',
};

const TEST_LANGUAGES: readonly InstalledLanguage[] = [
  PYTHON,
  {
    ...PYTHON,
    id: 'cpp',
    name: 'C++',
    aliases: ['c++', 'g++'],
    sourceFile: 'main.cpp',
    compile: { argv: ['g++', '-O2', 'main.cpp', '-o', 'main'], outputs: ['main'] },
    run: { argv: ['/program/main'] },
    toolchain: 'g++ (Debian 14.2.0-19) 14.2.0',
    version: '14.2.0',
  },
];

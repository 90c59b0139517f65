/** An executor's surroundings for tests: the real embedded stores in a temporary folder, and a sandbox that does what a test says. */
import type { SandboxPlan, SandboxReport } from '@runyard/sandbox';
import { FilesystemArtifactStore } from '@runyard/shared/adapters/filesystem';
import { SqliteDatabase, SqliteJobQueue, SqliteJobStore } from '@runyard/shared/adapters/sqlite';
import { LEASE_MS, RENEW_EVERY_MS, type Job, type Language, type QueuedJob } from '@runyard/shared/domain';
import { silentLogger } from '@runyard/shared/logging';
import type { ArtifactStore, Clock, Delivery, JobQueue, JobStore } from '@runyard/shared/ports';
import { aJobSource, aQueuedJob, ManualClock, TemporaryFolder } from '@runyard/shared/testing';
import { LeaseKeeper } from '../application/lease-keeper.ts';
import type { Sandbox } from '../application/ports.ts';
import type { DeliveryDependencies } from '../application/deliveries.ts';
import { hello, report, step } from './reports.ts';

export const PYTHON: Language = {
  id: 'python',
  name: 'Python',
  aliases: [],
  sourceFile: 'main.py',
  compile: null,
  run: { argv: ['python3', 'main.py'] },
  environment: {},
  limits: { run: {}, compile: {} },
  packages: { debian: [], npm: {} },
  prepare: [],
  versionCommand: ['python3', '--version'],
  sample: { code: 'print("hello")', input: '', output: 'hello\n' },
};

type Action = () => unknown;

export type RunProgram = (plan: SandboxPlan, signal: AbortSignal | undefined) => Promise<SandboxReport>;

export class World implements Disposable {
  readonly clock = new ManualClock();
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  readonly keeper: LeaseKeeper;
  /** What the sandbox does; by default a program that prints `hello`. */
  runProgram: RunProgram = async () => hello();
  /** Names of the calls that went to stores, queue and sandbox, in order. */
  readonly calls: string[] = [];
  readonly #folder = new TemporaryFolder();
  readonly #database: SqliteDatabase;
  readonly #before = new Map<string, Action[]>();
  readonly #after = new Map<string, Action[]>();

  constructor(clock?: Clock) {
    const time = clock ?? this.clock;
    this.#database = SqliteDatabase.open(this.#folder.join('runyard.db'));
    this.store = this.#watched('store', new SqliteJobStore(this.#database));
    this.queue = this.#watched('queue', new SqliteJobQueue(this.#database, { clock: time }));
    this.artifacts = this.#watched(
      'artifacts',
      new FilesystemArtifactStore({
        directory: this.#folder.join('artifacts'),
        secret: new Uint8Array(32),
        publicBaseUrl: () => 'http://localhost',
        clock: time,
      }),
    );
    const keeperDeps = { store: this.store, queue: this.queue, clock: time, logger: silentLogger() };
    this.keeper = new LeaseKeeper(keeperDeps, { leaseMs: LEASE_MS, renewAfterMs: RENEW_EVERY_MS });
  }

  get deps(): DeliveryDependencies {
    const sandbox: Sandbox = {
      run: (plan, signal) => {
        this.calls.push('sandbox.run');
        return this.runProgram(plan, signal);
      },
    };
    return {
      store: this.store,
      queue: this.queue,
      artifacts: this.artifacts,
      sandbox,
      keeper: this.keeper,
      languages: new Map([[PYTHON.id, PYTHON]]),
      clock: this.clock,
      logger: silentLogger(),
      worker: 'test',
      leaseMs: LEASE_MS,
      random: () => 0.5,
    };
  }

  /** Something that happens right before the next call of `name` (such as `store.settle`); one that throws replaces the call. */
  beforeNext(name: string, action: Action): void {
    this.#before.set(name, [...(this.#before.get(name) ?? []), action]);
  }

  /** Something that happens after the call was done and before its caller hears of it; one that throws hides the answer. */
  afterNext(name: string, action: Action): void {
    this.#after.set(name, [...(this.#after.get(name) ?? []), action]);
  }

  failNext(name: string, error: Error): void {
    this.beforeNext(name, () => {
      throw error;
    });
  }

  async submit(overrides: Partial<QueuedJob> = {}): Promise<QueuedJob> {
    const job = aQueuedJob({ createdAtMs: this.clock.nowMs(), ...overrides });
    await this.store.create(job, aJobSource());
    await this.queue.send({ executionId: job.executionId, language: job.language });
    return job;
  }

  /** What is visible now. */
  receive(): Promise<readonly Delivery[]> {
    return this.queue.receive({ languages: ['python'], maxMessages: 10, waitMs: 0, visibilityMs: LEASE_MS });
  }

  async receiveOne(): Promise<Delivery> {
    const [delivery, ...others] = await this.receive();
    if (delivery === undefined || others.length > 0) throw new Error('not exactly one message is visible');
    return delivery;
  }

  async job(executionId: string): Promise<Job> {
    const job = await this.store.get(executionId);
    if (job === null) throw new Error('there is no such job');
    return job;
  }

  depth(): Promise<number> {
    return this.queue.depth(['python']);
  }

  [Symbol.dispose](): void {
    this.keeper.stop();
    this.#database.close();
    this.#folder[Symbol.dispose]();
  }

  #watched<T extends object>(name: string, target: T): T {
    return new Proxy(target, {
      get: (object, key) => {
        const member: unknown = Reflect.get(object, key, object);
        if (typeof member !== 'function') return member;
        return async (...values: unknown[]): Promise<unknown> => {
          const call = `${name}.${String(key)}`;
          this.calls.push(call);
          await this.#before.get(call)?.shift()?.();
          const answer: unknown = await Reflect.apply(member, object, values);
          await this.#after.get(call)?.shift()?.();
          return answer;
        };
      },
    });
  }
}

/** A program that runs until it is stopped from outside. */
export const untilStopped: RunProgram = (_plan, signal) =>
  new Promise((resolve) => {
    signal?.addEventListener('abort', () => resolve(report({ runs: [step({ kind: 'cancelled' })] })), { once: true });
  });

export function sandboxFailure(reason: NonNullable<SandboxReport['failure']>['reason']): SandboxReport {
  return report({ failure: { reason, message: 'by the test' } });
}

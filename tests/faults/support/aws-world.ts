/**
 * Gateway, sweeper, launcher and any number of executors as processes against the AWS stand-in, each AWS call of each of them
 * through a proxy of the test's. Every world has a table, queues and a bucket of its own.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import { AwsDeployment } from '../../support/aws-deployment.ts';
import { Client, type WireJob } from '../../support/client.ts';
import { expectNoSandboxes } from '../../support/host-traces.ts';
import type { Environment, ServiceProcess } from '../../support/service-process.ts';
import { type AwsCall, AwsProxy, type AwsService, type Fate } from './aws-proxy.ts';
import { JobLog, type SeenPoint } from './job-log.ts';

/** Each has a queue of its own, so that two lanes of a test do not meet. */
export const LANGUAGES = ['bash', 'perl'] as const;
export type LaneLanguage = (typeof LANGUAGES)[number];
/** Short, so that a killed executor's job is soon taken again; above what a busy machine delays a renewal. */
const LEASE_SEC = 6;
const SERVICES: readonly AwsService[] = ['DYNAMODB', 'SQS', 'S3'];
const DEPTH_ATTRIBUTES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;
/** A client that wants its job accepted gives up after so long. */
const SUBMIT_FOR_MS = 150_000;

/** Like `Hook`, with what the call did to jobs. */
export type WorldHook = (call: AwsCall, seen: SeenPoint | null) => Fate | Promise<Fate>;

interface HookBox {
  /** May be replaced at any time. */
  hook: WorldHook;
}

export interface RunningService extends HookBox {
  readonly process: ServiceProcess;
}

export interface ExecutorOptions {
  readonly hook?: WorldHook;
  readonly language?: LaneLanguage;
  readonly slots?: number;
  readonly drainSec?: number;
}

export interface WorldOptions {
  readonly leaseSec?: number;
}

export const pass: WorldHook = () => 'pass';

export class AwsWorld implements AsyncDisposable {
  /** What the services wrote, as the proxies saw it. */
  readonly log = new JobLog();
  readonly leaseSec: number;
  client: Client = new Client('');
  readonly #deployment: AwsDeployment;
  readonly #cleanup: AsyncDisposableStack;
  readonly #launcherId = randomBytes(4).toString('hex');
  readonly #socket: string;
  #gateway: RunningService | null = null;
  #sweeper: RunningService | null = null;

  static async start({ leaseSec = LEASE_SEC }: WorldOptions = {}): Promise<AwsWorld> {
    const cleanup = new AsyncDisposableStack();
    try {
      const folder = mkdtempSync(path.join(tmpdir(), 'runyard-faults-'));
      cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
      const deployment = cleanup.use(await AwsDeployment.create());
      const world = new AwsWorld(deployment, cleanup, { leaseSec, socket: path.join(folder, 'launcher.sock') });
      await world.#startParts();
      return world;
    } catch (error) {
      await cleanup.disposeAsync();
      throw error;
    }
  }

  private constructor(
    deployment: AwsDeployment,
    cleanup: AsyncDisposableStack,
    { leaseSec, socket }: { leaseSec: number; socket: string },
  ) {
    this.#deployment = deployment;
    this.#cleanup = cleanup;
    this.leaseSec = leaseSec;
    this.#socket = socket;
  }

  get gateway(): RunningService {
    return required(this.#gateway);
  }

  get sweeper(): RunningService {
    return required(this.#sweeper);
  }

  async startExecutor(options: ExecutorOptions = {}): Promise<RunningService> {
    const { hook = pass, language = 'bash', slots = 2, drainSec = 1 } = options;
    return this.#start('executor', hook, {
      EXECUTOR_LANGUAGES: language,
      RUNYARD_LAUNCHER_SOCKET: this.#socket,
      RUNYARD_SLOTS: String(slots),
      RUNYARD_LEASE_SEC: String(this.leaseSec),
      RUNYARD_DRAIN_SEC: String(drainSec),
    });
  }

  /** The newest one is that of `client`. */
  async startGateway(): Promise<RunningService> {
    const env = { RUNYARD_LANGUAGES: LANGUAGES.join(','), RUNYARD_DRAIN_SEC: '1' };
    const gateway = await this.#start('api-gateway', pass, env);
    this.#gateway = gateway;
    this.client = new Client(gateway.process.url);
    return gateway;
  }

  async startSweeper(): Promise<RunningService> {
    this.#sweeper = await this.#start('sweeper', pass, {
      RUNYARD_SWEEP_SEC: '1',
      RUNYARD_RESEND_SEC: '2',
      RUNYARD_LEASE_SEC: String(this.leaseSec),
      RUNYARD_LANGUAGES: LANGUAGES.join(','),
    });
    return this.#sweeper;
  }

  submit(code: string, language: LaneLanguage = 'bash'): Promise<WireJob> {
    return this.client.submit({ language, code });
  }

  /** As a client that wants its job accepted once: again under the same key while there is no answer or a 5xx. */
  async submitSurely(code: string, language: LaneLanguage = 'bash'): Promise<WireJob> {
    const untilMs = performance.now() + SUBMIT_FOR_MS;
    const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID() };
    const request = { method: 'POST', headers, body: JSON.stringify({ language, code }) };
    for (;;) {
      const answer = await answerTo(`${this.client.url}/submit`, request);
      if (answer.status === 202) return JSON.parse(answer.text) as WireJob;
      const isForGood = answer.status !== 0 && answer.status < 500;
      if (isForGood || performance.now() > untilMs) throw new Error(`submit answers ${answer.status}: ${answer.text}`);
      await sleep(100 + Math.random() * 300);
    }
  }

  /** One more message of a job, as a sender that is not sure would make it. */
  async sendAgain(executionId: string, language: LaneLanguage = 'bash'): Promise<void> {
    const QueueUrl = await this.#queueUrl(language);
    const MessageBody = JSON.stringify({ executionId, language });
    await this.#deployment.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'again' }));
  }

  /** Receives all that is visible and forgets it, as executors do that die at once. Answers how many messages there were. */
  async receiveAndForget(language: LaneLanguage = 'bash'): Promise<number> {
    const QueueUrl = await this.#queueUrl(language);
    const ask = { QueueUrl, MaxNumberOfMessages: 10, VisibilityTimeout: 0 };
    const { Messages = [] } = await this.#deployment.sqs.send(new ReceiveMessageCommand(ask));
    return Messages.length;
  }

  /** Messages of the queues and of their dead letters: visible, in flight and delayed. */
  async messagesLeft(): Promise<{ queue: number; dead: number }> {
    const counts = await Promise.all(
      LANGUAGES.map(async (language) => ({
        queue: await this.depth(language),
        dead: await this.depth(`${language}-dlq`),
      })),
    );
    return counts.reduce((sum, { queue, dead }) => ({ queue: sum.queue + queue, dead: sum.dead + dead }));
  }

  async depth(queue: string): Promise<number> {
    const QueueUrl = await this.#queueUrl(queue);
    const ask = { QueueUrl, AttributeNames: [...DEPTH_ATTRIBUTES] };
    const { Attributes = {} } = await this.#deployment.sqs.send(new GetQueueAttributesCommand(ask));
    return DEPTH_ATTRIBUTES.reduce((sum, attribute) => sum + Number(Attributes[attribute]), 0);
  }

  /** No sandbox is left; the launcher itself still runs. */
  expectNoSandboxes(deadlineMs: number): Promise<void> {
    return expectNoSandboxes(this.#launcherId, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cleanup.disposeAsync();
  }

  async #startParts(): Promise<void> {
    await this.#deployment.start('launcher', {
      RUNYARD_LAUNCHER_SOCKET: this.#socket,
      // All languages: the root that other suites use as well.
      RUNYARD_LAUNCHER_OWNER: this.#launcherId,
    });
    await Promise.all([this.startGateway(), this.startSweeper()]);
  }

  /** A service with a proxy in front of each server that it uses. */
  async #start(
    name: 'executor' | 'api-gateway' | 'sweeper',
    hook: WorldHook,
    env: Environment,
  ): Promise<RunningService> {
    const box: HookBox = { hook };
    const variables: Record<string, string> = {};
    const proxies = this.#cleanup.use(new AsyncDisposableStack());
    for (const service of SERVICES) {
      const variable = `AWS_ENDPOINT_URL_${service}`;
      const proxy = proxies.use(await AwsProxy.start(service, process.env[variable] ?? ''));
      proxy.hook = (call) => box.hook(call, this.log.see(call));
      variables[variable] = proxy.url;
    }
    const started = await this.#deployment.start(name, { ...variables, ...env });
    void started.exited.then(() => proxies.disposeAsync());
    return Object.assign(box, { process: started });
  }

  async #queueUrl(queue: string): Promise<string> {
    const QueueName = `runyard-${this.#deployment.env}-0-${queue}`;
    const { QueueUrl = '' } = await this.#deployment.sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  }
}

function required<T>(value: T | null): T {
  if (value === null) throw new Error('the world has not started');
  return value;
}

/** Status 0: none, or not all of it. */
async function answerTo(url: string, request: RequestInit): Promise<{ status: number; text: string }> {
  try {
    const answer = await fetch(url, request);
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    return { status: 0, text: String(error) };
  }
}

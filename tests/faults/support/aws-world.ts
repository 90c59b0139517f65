/**
 * Gateway, sweeper, launcher and any number of executors as processes against the AWS stand-in, each AWS call of an executor and
 * of the gateway through a proxy of the test's. Every world has a table, queues and a bucket of its own.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { AwsDeployment } from '../../support/aws-deployment.ts';
import type { Client, WireJob } from '../../support/client.ts';
import { expectNoSandboxes } from '../../support/host-traces.ts';
import type { Environment, ServiceProcess } from '../../support/service-process.ts';
import { AwsProxy, type Hook } from './aws-proxy.ts';
import { JobLog } from './job-log.ts';

export const LANGUAGE = 'bash';
/** Short, so that a killed executor's job is soon taken again; above what a busy machine delays a renewal. */
export const LEASE_SEC = 6;
const SERVICES = ['DYNAMODB', 'SQS', 'S3'] as const;
const DEPTH_ATTRIBUTES = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

export interface ExecutorOptions {
  readonly hook?: Hook;
  readonly slots?: number;
  readonly drainSec?: number;
}

export interface RunningExecutor {
  readonly process: ServiceProcess;
  /** May be replaced at any time. */
  hook: Hook;
}

interface HookBox {
  hook: Hook;
}

interface WorldParts {
  readonly deployment: AwsDeployment;
  readonly client: Client;
  readonly launcherId: string;
  readonly socket: string;
  readonly gatewayHook: HookBox;
  readonly sweeper: ServiceProcess;
  readonly cleanup: AsyncDisposableStack;
}

export class AwsWorld implements AsyncDisposable {
  readonly client: Client;
  readonly sweeper: ServiceProcess;
  /** What the executors wrote, as the proxies saw it. */
  readonly log = new JobLog();
  readonly #parts: WorldParts;

  static async start(): Promise<AwsWorld> {
    const cleanup = new AsyncDisposableStack();
    try {
      return new AwsWorld(await startParts(cleanup));
    } catch (error) {
      await cleanup.disposeAsync();
      throw error;
    }
  }

  private constructor(parts: WorldParts) {
    this.#parts = parts;
    this.client = parts.client;
    this.sweeper = parts.sweeper;
  }

  set gatewayHook(hook: Hook) {
    this.#parts.gatewayHook.hook = hook;
  }

  async startExecutor({
    hook = () => 'pass',
    slots = 2,
    drainSec = 1,
  }: ExecutorOptions = {}): Promise<RunningExecutor> {
    const { deployment, socket, cleanup } = this.#parts;
    const { log } = this;
    const box: HookBox = { hook };
    const watched: Hook = (call) => {
      log.see(call);
      return box.hook(call);
    };
    const process = await deployment.start('executor', {
      ...(await proxied({ hook: watched }, cleanup)),
      EXECUTOR_LANGUAGES: LANGUAGE,
      RUNYARD_LAUNCHER_SOCKET: socket,
      RUNYARD_SLOTS: String(slots),
      RUNYARD_LEASE_SEC: String(LEASE_SEC),
      RUNYARD_DRAIN_SEC: String(drainSec),
    });
    return Object.assign(box, { process });
  }

  submit(code: string): Promise<WireJob> {
    return this.client.submit({ language: LANGUAGE, code });
  }

  /** One more message of a job, as a sender that is not sure would make it. */
  async sendAgain(executionId: string): Promise<void> {
    const { sqs } = this.#parts.deployment;
    const QueueUrl = await this.#queueUrl(this.#queueName);
    const MessageBody = JSON.stringify({ executionId, language: LANGUAGE });
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody, MessageGroupId: 'again' }));
  }

  /** Messages of the queue and of its dead letters: visible, in flight and delayed. */
  async messagesLeft(): Promise<{ queue: number; dead: number }> {
    return { queue: await this.#depth(this.#queueName), dead: await this.#depth(`${this.#queueName}-dlq`) };
  }

  /** No sandbox is left; the launcher itself still runs. */
  expectNoSandboxes(deadlineMs: number): Promise<void> {
    return expectNoSandboxes(this.#parts.launcherId, deadlineMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.cleanup.disposeAsync();
  }

  get #queueName(): string {
    return `runyard-${this.#parts.deployment.env}-0-${LANGUAGE}`;
  }

  async #queueUrl(QueueName: string): Promise<string> {
    const { QueueUrl = '' } = await this.#parts.deployment.sqs.send(new GetQueueUrlCommand({ QueueName }));
    return QueueUrl;
  }

  async #depth(name: string): Promise<number> {
    const { Attributes = {} } = await this.#parts.deployment.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: await this.#queueUrl(name), AttributeNames: [...DEPTH_ATTRIBUTES] }),
    );
    return DEPTH_ATTRIBUTES.reduce((sum, attribute) => sum + Number(Attributes[attribute]), 0);
  }
}

async function startParts(cleanup: AsyncDisposableStack): Promise<WorldParts> {
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-faults-'));
  cleanup.defer(() => rmSync(folder, { recursive: true, force: true }));
  const deployment = cleanup.use(await AwsDeployment.create());
  const socket = path.join(folder, 'launcher.sock');
  const launcherId = randomBytes(4).toString('hex');
  await deployment.start('launcher', {
    RUNYARD_LAUNCHER_SOCKET: socket,
    // All languages: the root that other suites use as well.
    RUNYARD_LAUNCHER_OWNER: launcherId,
  });
  const gatewayHook: HookBox = { hook: () => 'pass' };
  const gatewayEnv = await proxied(gatewayHook, cleanup);
  const { client } = await deployment.startGateway({ ...gatewayEnv, RUNYARD_LANGUAGES: LANGUAGE });
  const sweeper = await deployment.start('sweeper', {
    RUNYARD_SWEEP_SEC: '1',
    RUNYARD_RESEND_SEC: '2',
    RUNYARD_LEASE_SEC: String(LEASE_SEC),
    RUNYARD_LANGUAGES: LANGUAGE,
  });
  return { deployment, client, launcherId, socket, gatewayHook, sweeper, cleanup };
}

/** A proxy in front of each server, as variables. */
async function proxied(box: HookBox, cleanup: AsyncDisposableStack): Promise<Environment> {
  const variables: Record<string, string> = {};
  for (const service of SERVICES) {
    const name = `AWS_ENDPOINT_URL_${service}`;
    const proxy = cleanup.use(await AwsProxy.start(process.env[name] ?? ''));
    proxy.hook = (call) => box.hook(call);
    variables[name] = proxy.url;
  }
  return variables;
}

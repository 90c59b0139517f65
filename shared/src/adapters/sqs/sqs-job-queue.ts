import {
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { DependencyUnavailableError } from '../../errors/index.ts';
import type { Logger } from '../../logging/index.ts';
import type { Clock, Delivery, JobMessage, JobQueue } from '../../ports/index.ts';
import { InFlight, type InFlightMessage } from './in-flight.ts';
import { formatBody, groupId, parseBody } from './job-message.ts';
import { LongPolls, POLL_MS } from './long-polls.ts';
import {
  NoDeadLettersError,
  QueueDirectory,
  type QueueKey,
  type QueueKind,
  type QueueLayout,
} from './queue-directory.ts';
import { isNotCurrent, translated } from './sqs-errors.ts';

/** Deliveries of one message before it counts as poison (design decision; attempts of a job are counted apart, by claims). */
export const MAX_RECEIVE_COUNT = 10;
/** What SQS allows: entries of a batch and messages of a receive; the longest visibility and delay, in seconds. */
const MAX_BATCH = 10;
const MAX_VISIBILITY_SEC = 43_200;
const MAX_DELAY_SEC = 900;
/** For messages of languages that this receiver does not serve, in the one queue of all: long enough for another one to come by. */
const FOREIGN_PAUSE_SEC = { least: 1, most: 5 };

export interface SqsJobQueueOptions {
  readonly client: SQSClient;
  /** For long polls; see `createSqsPollClient`. */
  readonly pollClient: SQSClient;
  readonly layout: QueueLayout;
  /** Ids of all languages of the deployment. */
  readonly languages: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

interface RawMessage {
  readonly message: JobMessage;
  readonly messageId: string;
  readonly handle: string;
  readonly receiveCount: number;
}

interface ReceiveAsk {
  readonly maxMessages: number;
  readonly waitMs: number;
  readonly visibilityMs: number;
}

/**
 * Standard queues of SQS with a queue of dead letters each. Times are whole seconds, rounded up. Order is best effort, and a message
 * may come more than once. `depth` is what SQS estimates. What is no message of ours is left alone: its receives carry it to the
 * dead letters, where an operator finds it.
 */
export class SqsJobQueue implements JobQueue {
  readonly #client: SQSClient;
  readonly #pollClient: SQSClient;
  readonly #queues: QueueDirectory;
  readonly #inFlight: InFlight;
  readonly #polls: LongPolls<RawMessage>;
  readonly #logger: Logger;
  #deadTurn = 0;
  #hasToldOfNoDeadLetters = false;

  constructor(options: SqsJobQueueOptions) {
    this.#client = options.client;
    this.#pollClient = options.pollClient;
    this.#queues = new QueueDirectory(options.client, options.layout, options.languages);
    this.#logger = options.logger;
    this.#inFlight = new InFlight(() => options.clock.nowMs());
    this.#polls = new LongPolls({
      poll: (queue, ask) => translated(() => this.#poll('work', queue, ask)),
      giveBack: (queue, messages) => this.#giveBack(queue, messages),
    });
  }

  async send(message: JobMessage, options: { delayMs?: number; group?: string } = {}): Promise<void> {
    const key = this.#queues.keyOf(message.language);
    const group = groupId(options.group);
    await translated(async () => {
      await this.#client.send(
        new SendMessageCommand({
          QueueUrl: await this.#queues.urlOf('work', key),
          MessageBody: formatBody(message),
          DelaySeconds: Math.min(seconds(options.delayMs ?? 0), MAX_DELAY_SEC),
          ...(group === undefined ? {} : { MessageGroupId: group }),
        }),
      );
    });
  }

  async receive(request: Parameters<JobQueue['receive']>[0]): Promise<readonly Delivery[]> {
    const { languages, maxMessages, waitMs, visibilityMs, signal } = request;
    const queues = this.#queues.keysOf(languages);
    if (queues.length === 0 || maxMessages < 1) return [];
    const accepts = ({ message }: RawMessage) => languages.includes(message.language);
    const taken = await this.#polls.receive({ queues, maxMessages, waitMs, visibilityMs, signal, accepts });
    return taken.map((raw) => this.#deliver('work', this.#queues.keyOf(raw.message.language), raw));
  }

  async setVisibility(receipt: string, visibilityMs: number): Promise<boolean> {
    const [isCurrent = false] = await this.setVisibilities([receipt], visibilityMs);
    return isCurrent;
  }

  async setVisibilities(receipts: readonly string[], visibilityMs: number): Promise<readonly boolean[]> {
    const found = receipts.map((receipt) => ({ receipt, held: this.#inFlight.find('work', receipt) }));
    const byQueue = new Map<QueueKey, string[]>();
    for (const { receipt, held } of found) {
      if (held !== null) byQueue.set(held.queue, [...(byQueue.get(held.queue) ?? []), receipt]);
    }
    const current = new Set<string>();
    const batches = [...byQueue].flatMap(([queue, list]) => inBatches(list).map((batch) => ({ queue, batch })));
    await translated(() =>
      Promise.all(
        batches.map(async ({ queue, batch }) => {
          const handles = batch.map((receipt) => this.#inFlight.find('work', receipt)?.handle ?? '');
          const results = await this.#changeVisibility(queue, handles, visibilityMs);
          for (const [index, receipt] of batch.entries()) if (results[index] === true) current.add(receipt);
        }),
      ),
    );
    return receipts.map((receipt) => current.has(receipt));
  }

  delete(receipt: string): Promise<boolean> {
    return this.#delete('work', receipt);
  }

  async depth(languages: readonly string[]): Promise<number> {
    const depths = await translated(() => Promise.all(this.#queues.keysOf(languages).map((key) => this.#depthOf(key))));
    return depths.reduce((sum, depth) => sum + depth, 0);
  }

  /**
   * Short looks at one queue after the other, each time starting at another one. A queue that fails keeps nobody from the others:
   * what it said is thrown when they have nothing.
   */
  async receiveDead(request: { maxMessages: number; visibilityMs: number }): Promise<readonly Delivery[]> {
    const keys = this.#queues.allKeys;
    this.#deadTurn += 1;
    const deliveries: Delivery[] = [];
    const failures: unknown[] = [];
    for (let index = 0; index < keys.length && deliveries.length < request.maxMessages; index += 1) {
      const key = keys[(index + this.#deadTurn) % keys.length] ?? '';
      const maxMessages = request.maxMessages - deliveries.length;
      const poll = translated(() => this.#poll('dead', key, { ...request, maxMessages, waitMs: 0 }));
      const raw = await poll.catch((error: unknown) => {
        if (error instanceof NoDeadLettersError) this.#tellOfNoDeadLetters();
        else failures.push(error);
        return [];
      });
      deliveries.push(...raw.map((message) => this.#deliver('dead', key, message)));
    }
    if (deliveries.length === 0 && failures.length > 0) throw failures[0];
    return deliveries;
  }

  #tellOfNoDeadLetters(): void {
    if (this.#hasToldOfNoDeadLetters) return;
    this.#hasToldOfNoDeadLetters = true;
    this.#logger.warn(
      'the job queue has no redrive policy: messages that fail again and again come until they are too old',
    );
  }

  deleteDead(receipt: string): Promise<boolean> {
    return this.#delete('dead', receipt);
  }

  async ping(): Promise<void> {
    const [key] = this.#queues.allKeys;
    if (key !== undefined) await translated(() => this.#depthOf(key));
  }

  /** Waits for polls on the wire (up to 5 s) and gives back what they bring. */
  close(): Promise<void> {
    return this.#polls.close();
  }

  async #poll(kind: QueueKind, key: QueueKey, ask: ReceiveAsk): Promise<readonly RawMessage[]> {
    const client = ask.waitMs > 0 ? this.#pollClient : this.#client;
    const { Messages: messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: await this.#queues.urlOf(kind, key),
        MaxNumberOfMessages: Math.min(ask.maxMessages, MAX_BATCH),
        WaitTimeSeconds: Math.min(seconds(ask.waitMs), POLL_MS / 1000),
        VisibilityTimeout: Math.min(seconds(ask.visibilityMs), MAX_VISIBILITY_SEC),
        MessageSystemAttributeNames: ['ApproximateReceiveCount'],
      }),
    );
    return messages.flatMap((received) => this.#read(key, received));
  }

  #read(key: QueueKey, { Body: body, MessageId: messageId = '', ReceiptHandle: handle = '', Attributes }: Message) {
    const message = parseBody(body);
    if (message === null) {
      this.#logger.warn({ queue: key, messageId }, 'a message that is none of ours is left to the dead letters');
      return [];
    }
    return [{ message, messageId, handle, receiveCount: Number(Attributes?.ApproximateReceiveCount ?? 1) }];
  }

  #deliver(kind: QueueKind, queue: QueueKey, { message, messageId, handle, receiveCount }: RawMessage): Delivery {
    return {
      message,
      receipt: this.#inFlight.add({ kind, queue, messageId, handle }),
      // SQS goes on counting in the queue of dead letters.
      receiveCount: kind === 'work' ? receiveCount : Math.max(1, receiveCount - MAX_RECEIVE_COUNT),
    };
  }

  async #giveBack(queue: QueueKey, messages: readonly RawMessage[]): Promise<void> {
    const { least, most } = FOREIGN_PAUSE_SEC;
    const pauseMs = this.#queues.isShared ? 1000 * (least + Math.random() * (most - least)) : 0;
    const handles = messages.map(({ handle }) => handle);
    await Promise.allSettled(inBatches(handles).map((batch) => this.#changeVisibility(queue, batch, pauseMs)));
  }

  /** At most MAX_BATCH handles. Whether each was current, in their order. */
  async #changeVisibility(
    queue: QueueKey,
    handles: readonly string[],
    visibilityMs: number,
  ): Promise<readonly boolean[]> {
    const timeout = Math.min(seconds(visibilityMs), MAX_VISIBILITY_SEC);
    const { Failed: failed = [] } = await this.#client.send(
      new ChangeMessageVisibilityBatchCommand({
        QueueUrl: await this.#queues.urlOf('work', queue),
        Entries: handles.map((handle, index) => ({
          Id: String(index),
          ReceiptHandle: handle,
          VisibilityTimeout: timeout,
        })),
      }),
    );
    const unexpected = failed.find(({ Code: code }) => !isNotCurrent(code));
    if (unexpected !== undefined) {
      const cause = new Error(`ChangeMessageVisibilityBatch: ${unexpected.Code ?? ''} ${unexpected.Message ?? ''}`);
      throw new DependencyUnavailableError('The job queue does not answer.', { cause });
    }
    const notCurrent = new Set(failed.map(({ Id: id }) => id));
    return handles.map((_handle, index) => !notCurrent.has(String(index)));
  }

  async #delete(kind: QueueKind, receipt: string): Promise<boolean> {
    const held = this.#inFlight.find(kind, receipt);
    if (held === null) return false;
    return translated(async () => {
      const isCurrent = await this.#deleteHeld(held);
      this.#inFlight.remove(receipt);
      return isCurrent;
    });
  }

  async #deleteHeld({ kind, queue, handle }: InFlightMessage): Promise<boolean> {
    try {
      const url = await this.#queues.urlOf(kind, queue);
      await this.#client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: handle }));
      return true;
    } catch (error) {
      if (error instanceof Error && isNotCurrent(error.name)) return false;
      throw error;
    }
  }

  async #depthOf(key: QueueKey): Promise<number> {
    const { Attributes: attributes = {} } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: await this.#queues.urlOf('work', key), AttributeNames: [...COUNTS] }),
    );
    return COUNTS.reduce((sum, name) => sum + Number(attributes[name] ?? 0), 0);
  }
}

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
] as const;

function seconds(ms: number): number {
  return Math.max(0, Math.ceil(ms / 1000));
}

function inBatches<T>(items: readonly T[]): readonly (readonly T[])[] {
  const batches: (readonly T[])[] = [];
  for (let start = 0; start < items.length; start += MAX_BATCH) batches.push(items.slice(start, start + MAX_BATCH));
  return batches;
}

import { GetQueueAttributesCommand, GetQueueUrlCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterQueueName, queueName } from '../../domain/index.ts';
import { FatalDependencyError, InternalError } from '../../errors/index.ts';

/** One queue per language, or one for all of them. */
export type QueueLayout =
  { readonly kind: 'per-language'; readonly prefix: string } | { readonly kind: 'single'; readonly url: string };

/** Names a queue within a layout: the language, or `*` for the one queue of all. */
export type QueueKey = string;
export type QueueKind = 'work' | 'dead';

const ALL: QueueKey = '*';

/** The one queue of all may be without dead letters: a message that nobody can use then comes until it is too old. */
export class NoDeadLettersError extends FatalDependencyError {
  constructor() {
    super('The job queue has no dead-letter queue.');
  }
}

/** Which queues there are, and where. Addresses are asked for once. */
export class QueueDirectory {
  readonly #client: SQSClient;
  readonly #layout: QueueLayout;
  readonly #languages: readonly string[];
  readonly #urls = new Map<string, Promise<string>>();

  constructor(client: SQSClient, layout: QueueLayout, languages: readonly string[]) {
    this.#client = client;
    this.#layout = layout;
    this.#languages = languages;
  }

  get isShared(): boolean {
    return this.#layout.kind === 'single';
  }

  get allKeys(): readonly QueueKey[] {
    return this.isShared ? [ALL] : this.#languages;
  }

  /** Queues that hold messages of these languages; those of languages that the deployment does not have are none. */
  keysOf(languages: readonly string[]): readonly QueueKey[] {
    const known = this.#languages.filter((language) => languages.includes(language));
    if (this.isShared) return known.length === 0 ? [] : [ALL];
    return known;
  }

  /** @throws InternalError for a language that the deployment does not have. */
  keyOf(language: string): QueueKey {
    const [key] = this.keysOf([language]);
    if (key === undefined) throw new InternalError(new Error(`no queue for the language ${language}`));
    return key;
  }

  /** @throws what the SDK throws, NoDeadLettersError. A failed look-up is not remembered. */
  urlOf(kind: QueueKind, key: QueueKey): Promise<string> {
    const name = `${kind} ${key}`;
    const known = this.#urls.get(name);
    if (known !== undefined) return known;
    const asked = this.#find(kind, key);
    this.#urls.set(name, asked);
    asked.catch(() => this.#urls.delete(name));
    return asked;
  }

  async #find(kind: QueueKind, key: QueueKey): Promise<string> {
    if (this.#layout.kind === 'single') return kind === 'work' ? this.#layout.url : this.#deadUrl(this.#layout.url);
    const nameOf = kind === 'work' ? queueName : deadLetterQueueName;
    return this.#urlByName(nameOf(this.#layout.prefix, key));
  }

  /** The one queue of all was made by someone else, so only it knows where its dead letters go. */
  async #deadUrl(url: string): Promise<string> {
    const { Attributes: attributes } = await this.#client.send(
      new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['RedrivePolicy'] }),
    );
    const arn = /"deadLetterTargetArn"\s*:\s*"([^"]+)"/.exec(attributes?.['RedrivePolicy'] ?? '')?.[1];
    if (arn === undefined) throw new NoDeadLettersError();
    return this.#urlByName(arn.slice(arn.lastIndexOf(':') + 1));
  }

  async #urlByName(name: string): Promise<string> {
    const { QueueUrl: url } = await this.#client.send(new GetQueueUrlCommand({ QueueName: name }));
    if (url === undefined) throw new InternalError(new Error(`no address for the queue ${name}`));
    return url;
  }
}

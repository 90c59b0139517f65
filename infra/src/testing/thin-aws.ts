import { hash } from 'node:crypto';

export interface Answer {
  readonly status: number;
  readonly body: string;
}

type Json = Record<string, unknown>;
interface Item {
  readonly executionId: { readonly S: string };
}

const ACCOUNT = '123456789012';
/** A job that every queue holds. */
const MESSAGE = JSON.stringify({ executionId: 'x', language: 'python' });

/** Just enough of table, queues and bucket that callers go on to their next call. Keeps what is put, changes nothing of it. */
export class ThinAws {
  readonly #items = new Map<string, Item>();
  readonly #objects = new Set<string>();

  json(name: string, input: Json): Answer {
    if (name === 'PutItem') return this.#put(input);
    const answer = this.#table(name, input) ?? queue(name, input) ?? {};
    return { status: 200, body: JSON.stringify(answer) };
  }

  object(method: string, { pathname, searchParams }: URL): Answer {
    if (method === 'GET' && searchParams.has('list-type')) return { status: 200, body: listing(this.#objects) };
    if (method !== 'PUT' || [...searchParams].some(([name]) => name !== 'x-id')) return { status: 200, body: '' };
    const exists = this.#objects.has(pathname);
    this.#objects.add(pathname);
    return exists ? { status: 412, body: '<Error><Code>PreconditionFailed</Code></Error>' } : { status: 200, body: '' };
  }

  #put(input: Json): Answer {
    const added = input['Item'] as Item;
    const existing = this.#items.get(added.executionId.S);
    if (existing !== undefined && 'ConditionExpression' in input) {
      const __type = 'com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException';
      return { status: 400, body: JSON.stringify({ __type, Item: existing }) };
    }
    this.#items.set(added.executionId.S, added);
    return { status: 200, body: '{}' };
  }

  #table(name: string, input: Json): Json | null {
    const key = (input['Key'] as Item | undefined)?.executionId.S ?? '';
    const jobs = [...this.#items.values()].filter((item) => 'dueAtMs' in item);
    switch (name) {
      case 'DescribeTable':
        return { Table: { TableStatus: 'ACTIVE' } };
      case 'GetItem':
        return { Item: this.#items.get(key) };
      case 'UpdateItem':
        return { Attributes: this.#items.get(key) };
      case 'Query':
        return { Items: jobs };
      case 'BatchGetItem':
        return {
          Responses: Object.fromEntries(Object.keys(input['RequestItems'] as Json).map((table) => [table, jobs])),
        };
      default:
        return null;
    }
  }
}

function queue(name: string, input: Json): Json | null {
  const queueName =
    String(input['QueueName'] ?? input['QueueUrl'])
      .split('/')
      .at(-1) ?? '';
  switch (name) {
    case 'CreateQueue':
    case 'GetQueueUrl':
      return { QueueUrl: `http://127.0.0.1/${ACCOUNT}/${queueName}` };
    case 'GetQueueAttributes':
      return { Attributes: { QueueArn: `arn:aws:sqs:us-east-1:${ACCOUNT}:${queueName}` } };
    case 'ReceiveMessage':
      return { Messages: [{ MessageId: 'm', ReceiptHandle: 'r', Body: MESSAGE, MD5OfBody: hash('md5', MESSAGE) }] };
    case 'SendMessage':
      return { MessageId: 'm', MD5OfMessageBody: hash('md5', String(input['MessageBody'])) };
    case 'ChangeMessageVisibilityBatch':
      return { Successful: [{ Id: '0' }], Failed: [] };
    default:
      return null;
  }
}

function listing(paths: ReadonlySet<string>): string {
  const keys = [...paths].map((path) => `<Contents><Key>${path.split('/').slice(2).join('/')}</Key></Contents>`);
  return `<ListBucketResult>${keys.join('')}<IsTruncated>false</IsTruncated></ListBucketResult>`;
}

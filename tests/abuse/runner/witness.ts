import { createHash } from 'node:crypto';
import type { Client, Submission } from '../../support/client.ts';

const JOBS: readonly Submission[] = [
  { language: 'bash', code: 'echo witness; seq 1 500', input: 'x' },
  { language: 'bash', code: 'echo said; echo sorry >&2; exit 3' },
];

/** Jobs of somebody else that ended earlier: nothing that a case does may change a byte of them. */
export class Witness {
  readonly #client: Client;
  readonly #records: ReadonlyMap<string, string>;

  static async take(client: Client): Promise<Witness> {
    const records = new Map<string, string>();
    for (const submission of JOBS) {
      const { executionId } = await client.run(submission);
      records.set(executionId, await recordOf(client, executionId));
    }
    return new Witness(client, records);
  }

  private constructor(client: Client, records: ReadonlyMap<string, string>) {
    this.#client = client;
    this.#records = records;
  }

  /** What has changed, in words. */
  async changes(): Promise<readonly string[]> {
    const found = await Promise.all(
      [...this.#records].map(async ([executionId, record]) => {
        const now = await recordOf(this.#client, executionId);
        return now === record ? [] : [`the record of another job changed from ${record} to ${now}`];
      }),
    );
    return found.flat();
  }
}

async function recordOf(client: Client, executionId: string): Promise<string> {
  const status = await client.get<unknown>(`/status/${executionId}`);
  const output = createHash('sha256')
    .update(await client.outputOf(executionId))
    .digest('hex');
  return `${JSON.stringify(status)} ${output}`;
}

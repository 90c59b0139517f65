import type { AwsCall } from './aws-proxy.ts';

/** What executors and sweepers did to one job, as their calls show it. */
export type JobPoint = 'received' | 'claimed' | 'renewed' | 'stored' | 'settled' | 'deleted';

export interface SeenPoint {
  readonly point: JobPoint;
  readonly executionIds: readonly string[];
}

interface Watched {
  /** Claims that were granted: the highest attempt seen. */
  readonly claims: number;
  /** Writes of a final state that the table took. More than one is a double result. */
  readonly settles: number;
}

/** Reads the calls that change jobs: which job has reached which point, and how often it was claimed and settled. */
export class JobLog {
  readonly #jobs = new Map<string, { claims: number; settles: number }>();
  readonly #idOfReceipt = new Map<string, string>();

  /** What the call did; null for calls that change nothing of a job, or that failed. To be told of every call once. */
  see(call: AwsCall): SeenPoint | null {
    if (call.answer?.status !== 200) return null;
    switch (call.operation) {
      case 'ReceiveMessage':
        return { point: 'received', executionIds: this.#received(call.answer.body) };
      case 'UpdateItem':
        return this.#updated(call.answer.body);
      case 'PUT': {
        const id = /outputs\/([0-9a-f-]{36})\//.exec(call.path)?.[1];
        return id === undefined ? null : { point: 'stored', executionIds: [id] };
      }
      case 'DeleteMessage':
        return { point: 'deleted', executionIds: this.idsOfReceipts(call) };
      default:
        return null;
    }
  }

  of(executionId: string): Watched {
    return this.#jobs.get(executionId) ?? { claims: 0, settles: 0 };
  }

  /** Jobs whose messages a call deletes or hides. */
  idsOfReceipts({ body }: AwsCall): string[] {
    const receipts = [...body.matchAll(/"ReceiptHandle":\s*"([^"]+)"/g)].map(([, receipt]) => receipt ?? '');
    return receipts.flatMap((receipt) => this.#idOfReceipt.get(receipt) ?? []);
  }

  #received(body: string): string[] {
    const { Messages = [] } = JSON.parse(body) as { Messages?: { Body: string; ReceiptHandle: string }[] };
    return Messages.map(({ Body, ReceiptHandle }) => {
      const { executionId } = JSON.parse(Body) as { executionId: string };
      this.#idOfReceipt.set(ReceiptHandle, executionId);
      return executionId;
    });
  }

  /** A renewal leaves the attempt as it is. */
  #updated(body: string): SeenPoint | null {
    const { Attributes = {} } = JSON.parse(body) as { Attributes?: Record<string, { S?: string; N?: string }> };
    const id = Attributes['executionId']?.S;
    const status = Attributes['status']?.S;
    if (id === undefined || status === undefined || status === 'queued') return null;
    const job = this.#jobs.get(id) ?? { claims: 0, settles: 0 };
    this.#jobs.set(id, job);
    if (status !== 'running') {
      job.settles += 1;
      return { point: 'settled', executionIds: [id] };
    }
    const attempt = Number(Attributes['attempt']?.N);
    const isClaim = attempt > job.claims;
    job.claims = Math.max(job.claims, attempt);
    return { point: isClaim ? 'claimed' : 'renewed', executionIds: [id] };
  }
}

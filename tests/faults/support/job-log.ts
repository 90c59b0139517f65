import type { AwsCall } from './aws-proxy.ts';

/** What executors did to one job, as their calls show it. */
export type JobPoint = 'received' | 'claimed' | 'stored' | 'settled' | 'deleted';

interface Watched {
  readonly claims: number;
  readonly settles: number;
}

/** Reads the calls of executors: which job has reached which point, and how often it was claimed and settled. */
export class JobLog {
  readonly #jobs = new Map<string, { claims: number; settles: number }>();
  readonly #idOfReceipt = new Map<string, string>();

  see(call: AwsCall): void {
    const point = this.pointOf(call);
    if (point === null) return;
    for (const id of point.executionIds) {
      const job = this.#jobs.get(id) ?? { claims: 0, settles: 0 };
      if (point.point === 'claimed') job.claims += 1;
      if (point.point === 'settled') job.settles += 1;
      this.#jobs.set(id, job);
    }
  }

  of(executionId: string): Watched {
    return this.#jobs.get(executionId) ?? { claims: 0, settles: 0 };
  }

  /** Null for calls that change nothing of a job, or that failed. */
  pointOf(call: AwsCall): { readonly point: JobPoint; readonly executionIds: readonly string[] } | null {
    if (call.answer === null || call.answer.status !== 200) return null;
    switch (call.operation) {
      case 'ReceiveMessage':
        return { point: 'received', executionIds: this.#received(call.answer.body) };
      case 'UpdateItem':
        return updatePoint(call.answer.body);
      case 'PUT': {
        const key = /outputs\/([0-9a-f-]{36})\//.exec(call.path);
        return key === null ? null : { point: 'stored', executionIds: [key[1] ?? ''] };
      }
      case 'DeleteMessage':
      case 'DeleteMessageBatch': {
        const receipts = [...call.body.matchAll(/"ReceiptHandle":\s*"([^"]+)"/g)].map(([, receipt]) => receipt ?? '');
        return { point: 'deleted', executionIds: receipts.flatMap((receipt) => this.#idOfReceipt.get(receipt) ?? []) };
      }
      default:
        return null;
    }
  }

  #received(body: string): string[] {
    const { Messages = [] } = JSON.parse(body) as { Messages?: { Body: string; ReceiptHandle: string }[] };
    return Messages.map(({ Body, ReceiptHandle }) => {
      const { executionId } = JSON.parse(Body) as { executionId: string };
      this.#idOfReceipt.set(ReceiptHandle, executionId);
      return executionId;
    });
  }
}

/** A renewal changes neither status nor attempt; with the leases of these tests none happens in a job that is not held up. */
function updatePoint(body: string): { point: JobPoint; executionIds: string[] } | null {
  const { Attributes } = JSON.parse(body) as { Attributes?: Record<string, { S?: string; N?: string }> };
  const id = Attributes?.['executionId']?.S;
  const status = Attributes?.['status']?.S;
  if (id === undefined || status === undefined || status === 'queued') return null;
  return { point: status === 'running' ? 'claimed' : 'settled', executionIds: [id] };
}

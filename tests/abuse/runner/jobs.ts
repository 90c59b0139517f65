import type { Client, Submission, WireJob } from '../../support/client.ts';
import type { SeenJob } from '../case.ts';

type Stream = 'stdout' | 'stderr' | 'combined';

/** Waits for the end of a job and reads everything that the client can read of it. */
export async function finishJob(client: Client, submitted: WireJob, submission: Submission): Promise<SeenJob> {
  const job = await client.untilFinal(submitted);
  const [stdout, stderr, combined] = await Promise.all(
    (['stdout', 'stderr', 'combined'] as const).map((stream) => bytesOf(client, job.executionId, stream)),
  );
  const none = Buffer.alloc(0);
  return {
    submission,
    job,
    stdout: stdout ?? none,
    stderr: stderr ?? none,
    combined: combined ?? none,
    killMs: killMsOf(job),
  };
}

async function bytesOf(client: Client, executionId: string, stream: Stream): Promise<Buffer> {
  const { url } = await client.get<{ url: string | null }>(`/result/${executionId}?stream=${stream}`);
  if (url === null) return Buffer.alloc(0);
  const response = await fetch(url);
  if (response.status !== 200) throw new Error(`the link to ${stream} answers ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}

/** Milliseconds from the limit that fired to the end of the step; for other verdicts how long the step took. */
function killMsOf(job: WireJob): number | null {
  const isCompile = job.step === 'compile';
  const used = isCompile ? job.compile : job;
  const limits = isCompile ? job.limits.compile : job.limits;
  if (used === null) return null;
  if (job.verdict === 'time_limit') return minus(used.cpuTimeMs, limits.cpuTimeMs);
  if (job.verdict === 'wall_time_limit') return minus(used.wallTimeMs, limits.wallTimeMs);
  return used.wallTimeMs;
}

function minus(used: number | null, limit: number): number | null {
  return used === null ? null : Math.round(used - limit);
}

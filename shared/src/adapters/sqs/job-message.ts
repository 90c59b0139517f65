import { z } from 'zod';
import type { JobMessage } from '../../ports/index.ts';

const schema = z.strictObject({ executionId: z.string().min(1), language: z.string().min(1) });

/** Exactly these two: a message points at a job and holds nothing of it. */
export function formatBody({ executionId, language }: JobMessage): string {
  return JSON.stringify({ executionId, language });
}

/** Null for what `formatBody` has not made. */
export function parseBody(body: string | undefined): JobMessage | null {
  try {
    const result = schema.safeParse(JSON.parse(body ?? ''));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

const GROUP = /^[A-Za-z0-9!-/:-@[-`{-~]{1,128}$/;

/** A group id as SQS takes it; undefined for one that it would refuse: fairness is not worth a lost job. */
export function groupId(group: string | undefined): string | undefined {
  return group !== undefined && GROUP.test(group) ? group : undefined;
}

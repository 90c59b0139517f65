/**
 * Execution ids: UUID text in lower case. v7 (time-ordered) for plain submissions, v8 (from an HMAC) for keyed ones, so that the same
 * key names the same job on every gateway. The last byte is the cell (the independent deployment that holds the job) in both.
 * An id is not a secret: ownership is checked wherever one is used.
 */
import { createHmac } from 'node:crypto';
import { v7 } from 'uuid';

/** Cells are numbered in one byte. */
export const MAX_CELL = 255;

const PATTERN = /^[0-9a-f]{8}-[0-9a-f]{4}-[78][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A new v7 id: ids of one process sort in the order in which they were made. */
export function newExecutionId(cell: number): string {
  return v7().slice(0, -2) + cellHex(cell);
}

export interface SubmissionKey {
  readonly ownerId: string;
  /** The client's Idempotency-Key. */
  readonly key: string;
  readonly cell: number;
  /** Which use of the key: 0 unless an earlier job of it is older than the window in which a key counts. */
  readonly generation?: number;
}

/** The same for the same owner and key, and not to be guessed without the secret. */
export function keyedExecutionId(secret: Uint8Array, submission: SubmissionKey): string {
  const { ownerId, key, cell, generation = 0 } = submission;
  // JSON keeps the parts apart: ("a", "bc") and ("ab", "c") differ.
  const mac = createHmac('sha256', secret)
    .update(JSON.stringify([ownerId, key, generation]))
    .digest('hex');
  const variant = (8 + (Number.parseInt(mac.slice(16, 17), 16) & 3)).toString(16);
  return `${mac.slice(0, 8)}-${mac.slice(8, 12)}-8${mac.slice(13, 16)}-${variant}${mac.slice(17, 20)}-${mac.slice(20, 30)}${cellHex(cell)}`;
}

export function isExecutionId(text: string): boolean {
  return PATTERN.test(text);
}

/** The cell that holds the job of a valid id. */
export function cellOf(executionId: string): number {
  return Number.parseInt(executionId.slice(-2), 16);
}

function cellHex(cell: number): string {
  return (cell & MAX_CELL).toString(16).padStart(2, '0');
}

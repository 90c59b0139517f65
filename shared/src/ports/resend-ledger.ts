/**
 * Counts in a job's record what was sent for it once more, where nobody can tell which jobs still have a message. So several
 * sweepers, and one that restarts, together send no more than one would.
 */
export interface ResendLedger {
  /**
   * Asked before a message is sent again for a job that no worker holds. Resolves for one caller per pause, to the number of
   * times since the last claim, from 1; after the n-th the job is neither taken nor listed as stale for `pauseMs * 2^(n-1)`
   * (n at most 12 in the exponent) from `nowMs`. Null: not due, held by a live lease, final, or gone. Throws only AppError.
   */
  takeResend(executionId: string, rule: { readonly nowMs: number; readonly pauseMs: number }): Promise<number | null>;
}

/**
 * Counts in a job's record what was sent for it once more, where nobody can tell which jobs still have a message. So several
 * sweepers, and one that restarts, together send no more than one would.
 */
export interface ResendLedger {
  /**
   * Asked before a message is sent again for a job that no worker holds. True for one caller per pause: after the n-th time
   * (n from 1) the job is neither taken nor listed as stale for `pauseMs * 2^(n-1)` from `nowMs`. False: not due, held by a
   * live lease, final, gone, or taken `maxResends` times since its last claim. Throws only AppError.
   */
  takeResend(
    executionId: string,
    rule: { readonly nowMs: number; readonly pauseMs: number; readonly maxResends: number },
  ): Promise<boolean>;
}

import { emptyOutcome, INTERNAL_ERROR_TEXT } from '@runyard/shared/domain';
import type { Delivery } from '@runyard/shared/ports';
import { runAttempt, type AttemptDependencies, type AttemptEnd } from './running-attempt.ts';

export interface DeliveryDependencies extends AttemptDependencies {
  /** Names this executor in job records. */
  readonly worker: string;
  readonly leaseMs: number;
}

export type DeliveryEnd = AttemptEnd | 'not_ours';

/** Beyond the end of another worker's lease, so that the redelivery does not meet its last moment. */
const AFTER_LEASE_MS = 1_000;

/** Does what one message asks for; at least once is enough, since only a claim lets a job run. Throws when a store fails. */
export async function handleDelivery(delivery: Delivery, deps: DeliveryDependencies): Promise<DeliveryEnd> {
  const { store, queue, clock, worker, leaseMs } = deps;
  const { receipt, message } = delivery;
  const claim = await store.claim(message.executionId, { worker, nowMs: clock.nowMs(), leaseMs });
  switch (claim.kind) {
    case 'claimed':
      return runAttempt(claim.job, receipt, deps);
    case 'leased':
      await queue.setVisibility(receipt, Math.max(0, claim.leaseUntilMs - clock.nowMs()) + AFTER_LEASE_MS);
      return 'not_ours';
    case 'final':
    case 'not_found':
      await queue.delete(receipt);
      return 'not_ours';
    case 'exhausted': {
      const outcome = emptyOutcome('internal_error', INTERNAL_ERROR_TEXT);
      await store.giveUp(message.executionId, { nowMs: clock.nowMs(), outcome });
      await queue.delete(receipt);
      return 'gave_up';
    }
  }
}

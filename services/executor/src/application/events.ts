/** What can happen to an executor, for its counters: how deliveries end, and what went wrong on the way. */
export const EXECUTOR_EVENTS = [
  'deliveries',
  /** Deliveries of a message that had been delivered before. */
  'redelivered',
  'settled',
  'superseded',
  'deleted',
  'handed_back',
  'gave_up',
  'not_ours',
  /** Received while stopping, and given back unstarted. */
  'given_back',
  /** Of a language of other executors. */
  'not_served',
  'lease_lost',
  'delivery_errors',
  'receive_errors',
] as const;

export type CountEvent = (event: (typeof EXECUTOR_EVENTS)[number]) => void;

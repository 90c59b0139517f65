/** Wall clock in epoch milliseconds, injected so that tests own time. */
export interface Clock {
  nowMs(): number;
}

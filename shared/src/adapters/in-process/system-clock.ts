import type { Clock } from '../../ports/index.ts';

/** The host's wall clock. */
export const systemClock: Clock = { nowMs: () => Date.now() };

export type { MessageIndex } from './application/message-index.ts';
export type { MessageKnowledge } from './application/repair-stale.ts';
export {
  staleAfterMs,
  Sweeper,
  type SweeperDependencies,
  type SweeperOptions,
  type SweepResult,
} from './application/sweeper.ts';

export type { MessageIndex } from './application/message-index.ts';
export { Sweeper, type SweeperDependencies, type SweeperOptions, type SweepResult } from './application/sweeper.ts';

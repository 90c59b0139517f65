export { Sweeper, type SweeperDependencies, type SweeperOptions, type SweepResult } from './application/sweeper.ts';

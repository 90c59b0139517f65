import type { PlaceLimits } from '../sandbox.ts';

/** The most that whoever may connect gets: of one place, and how many places at once. */
export interface NativeBounds extends Pick<PlaceLimits, 'memoryBytes' | 'processes' | 'cpuMilli'> {
  readonly places: number;
}

/** As many as a launcher has uids (`sandbox/launcher/lease.h`). */
export const MOST_NATIVE_PLACES = 64;

/**
 * The product's own maximum of a job; compilers need no more. Sizes in bytes, CPU in thousandths of a core. All launchers
 * and all who start one take these from here.
 */
export const DEFAULT_PLACE_BOUNDS: NativeBounds = {
  memoryBytes: 2 ** 30,
  processes: 256,
  cpuMilli: 1000,
  places: MOST_NATIVE_PLACES,
};

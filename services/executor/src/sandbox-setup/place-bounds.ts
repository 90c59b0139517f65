import { DEFAULT_PLACE_BOUNDS, type NativeBounds } from '@runyard/sandbox/native';
import type { Language } from '@runyard/shared/domain';

/** What a launcher of our own gives at most: the product's maximum, or what a language needs where that is more. */
export function placeBoundsOf(languages: readonly Pick<Language, 'limits'>[]): NativeBounds {
  const own = languages.flatMap(({ limits }) => [limits.run, limits.compile]);
  const { memoryBytes: memory, processes: most } = DEFAULT_PLACE_BOUNDS;
  return {
    ...DEFAULT_PLACE_BOUNDS,
    memoryBytes: Math.max(memory, ...own.map(({ memoryBytes = 0 }) => memoryBytes)),
    processes: Math.max(most, ...own.map(({ processes = 0 }) => processes)),
  };
}

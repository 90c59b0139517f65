import type { RunningService } from './aws-world.ts';

/** The sum of one counter over services that run, such as `executor` and `settled`. A service that does not answer is an error. */
export async function sumOf(services: readonly RunningService[], counter: string): Promise<number> {
  const counts = await Promise.all(
    services.map(({ process }) => process.counter(`runyard_${process.name}_${counter}_total`)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

import { fieldError } from './http-error.ts';
import type { Query } from './query.ts';

/** From `/status/{id}` or `?id=`. Any text: whether it is an id at all is not told apart from whether a job has it. */
export function executionIdOf(tail: string | null, query: Query): string {
  const executionId = tail ?? query.get('id');
  if (executionId === null) throw fieldError('/query/id', 'is required');
  return executionId;
}

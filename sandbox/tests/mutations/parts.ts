import type { Edit, Mutation, Notice } from './mutation.ts';

/** Below `sandbox/`. */
export function edit(file: string, find: string, replace: string): Edit {
  return { file: `sandbox/${file}`, find, replace };
}

export function by(file: string, test: string): Notice {
  return { file, test };
}

type Rest = Omit<Mutation, 'id' | 'flag' | 'stops' | 'launcher'>;

export function native(id: string, flag: string, stops: string, rest: Rest): Mutation {
  return { id, flag, stops, launcher: 'native', ...rest };
}

/** One flag of the profile, how to switch it off in the source, and the case that must notice. */
export interface Mutation {
  readonly id: string;
  readonly flag: string;
  /** What the flag is there against. */
  readonly stops: string;
  readonly launcher: 'native' | 'docker';
  readonly edits: readonly Edit[];
  /** Null: nothing fails without it, and why that is so. */
  readonly noticedBy: Notice | { readonly nothingBecause: string };
}

export interface Edit {
  /** From the root of the checkout. */
  readonly file: string;
  /** Must be there exactly once. */
  readonly find: string;
  readonly replace: string;
}

export interface Notice {
  /** File below `sandbox/tests`, without `.sandbox.ts`. */
  readonly file: string;
  /** A pattern of the test's name. */
  readonly test: string;
}

/** Parts of setting up, in the order in which they happen; a part that has nothing to do is left out. */
export type SetupPhase =
  | 'waiting'
  | 'tools'
  | 'packages'
  | 'npm'
  | 'finish'
  | 'prepare'
  | 'versions'
  | 'binaries'
  | 'done';

export interface SetupProgress {
  readonly phase: SetupPhase;
  /** One line for a person, without a full stop. */
  readonly message: string;
  /** Since the call that reports. */
  readonly elapsedMs: number;
}

export type ProgressListener = (progress: SetupProgress) => void;

/** What the two kinds of launcher have in common for `main.ts`. */
export interface RunningLauncher {
  /** JSON of what it is, for the ready line. */
  readonly facts: Readonly<Record<string, string>>;
  /** Resolves with a sentence when it cannot go on. */
  readonly failed: Promise<string>;
  /** Ends what runs, removes what was made, and lets the socket go. */
  stop(): Promise<void>;
}

/**
 * What every language must be able to show, as data: one of these per language, named in `index.ts`. The
 * expectations are the same for all languages and stand in `tests/e2e/languages.e2e.ts`; only what differs is named here.
 */
export interface LanguagePrograms {
  /** Copies stdin to stdout, byte for byte. */
  readonly echo: string;
  /** Prints each argument and a line feed, then the bytes 00 FF 80 0A. */
  readonly argumentsAndBytes: string;
  /** Prints `before` to stdout and `why` to stderr, a line each, and ends with exit code 7. */
  readonly exitSeven: string;
  /** Ends itself by a signal. */
  readonly signal: { readonly code: string; readonly name: string };
  /** Not a program of this language. */
  readonly broken: {
    readonly code: string;
    /** Languages without a compile step notice only when they run. */
    readonly verdict: 'compile_error' | 'runtime_error';
    /** Part of what the compiler or interpreter says. */
    readonly says: string;
  };
  /** Runs for ever and computes. */
  readonly loop: string;
  /** Takes memory until it is stopped. */
  readonly memory: string;
  /** Prints `FLOOD_LINE` until 100 MB are out. */
  readonly flood: string;
  /** Starts processes without end. */
  readonly forkBomb: { readonly code: string; readonly verdicts: readonly string[] };
  /** Leaves a process in a session of its own that holds stdout open, prints `left` and ends well. */
  readonly daemon: string;
  /** Prints `connected` when 1.1.1.1 port 80 can be reached, else `no network`. */
  readonly network: string;
  /** Prints /etc/shadow, or `denied` when there is none to read. */
  readonly shadow: string;
  /** Programs with names that something of ours has too, each prints `mine`. By what it is. */
  readonly ownNames?: Readonly<Record<string, string>>;
  /** A program that uses a name which something of ours has: for the compiler there is no such thing. */
  readonly unknownName?: { readonly code: string; readonly says: string };
}

/** 64 bytes with the line feed. */
export const FLOOD_LINE = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\n';

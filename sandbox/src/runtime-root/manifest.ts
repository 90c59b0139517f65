/** What is in a runtime root; stands as `<id>.json` beside the tree and is written last. */
export interface RootManifest {
  readonly id: string;
  readonly suite: string;
  /** Node's name of the architecture: `x64` or `arm64`. */
  readonly architecture: string;
  /** ISO time. */
  readonly builtAt: string;
  readonly buildMs: number;
  readonly sizeBytes: number;
  /** Every installed Debian package with its version. */
  readonly debianPackages: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<Record<string, string>>;
  /** What each version command printed (stdout, then stderr), trimmed, at most 4 KiB. */
  readonly toolchains: Readonly<Record<string, string>>;
}

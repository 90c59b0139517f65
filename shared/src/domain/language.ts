import type { StepLimits } from './limits.ts';

/** A language is data: one folder `languages/<id>/` with `language.json` and a sample. No code knows any language by name. */
export interface Language {
  readonly id: string;
  readonly name: string;
  /** Other names that clients may send; compared without regard to case. */
  readonly aliases: readonly string[];
  /** Name under which the source is placed in /box. */
  readonly sourceFile: string;
  /** Runs in /box. Files that match `outputs` become /program for the run step. */
  readonly compile: { readonly argv: readonly string[]; readonly outputs: readonly string[] } | null;
  /**
   * Runs in /box (compiled languages: an empty one). The client's arguments are appended. `${memoryMiB}` and `${heapMiB}` stand
   * for the job's memory limit and for what a managed heap may take of it: see `runCommand`.
   */
  readonly run: { readonly argv: readonly string[] };
  /** Added to the base environment of every step. */
  readonly environment: Readonly<Record<string, string>>;
  /** Differences from the default limits. */
  readonly limits: { readonly run: Partial<StepLimits>; readonly compile: Partial<StepLimits> };
  /** What the runtime root needs for it. npm: exact versions. */
  readonly packages: { readonly debian: readonly string[]; readonly npm: Readonly<Record<string, string>> };
  /** Files that stand in the runtime root under `/opt/runyard/languages/<id>/`, by name: small tools of the language's own. */
  readonly files?: Readonly<Record<string, string>>;
  /** Commands run once, as root, inside the new runtime root (precompiled headers, warm caches). */
  readonly prepare: readonly (readonly string[])[];
  readonly versionCommand: readonly string[];
  readonly sample: LanguageSample;
}

export interface LanguageSample {
  readonly code: string;
  readonly input: string;
  /** Exact stdout of the sample. */
  readonly output: string;
}

/** A language as this server runs it: with the toolchain's own words. */
export interface InstalledLanguage extends Language {
  /** First line of the version command's output. */
  readonly toolchain: string;
  /** Dotted version number found in it, such as `3.13.5`. */
  readonly version: string;
}

/**
 * The environment of every step; a language's own and the client's variables are laid over it. Nothing of the server's own
 * environment ever reaches a program.
 */
export const BASE_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/runyard/npm/node_modules/.bin',
  HOME: '/box',
  LANG: 'C.UTF-8',
  TMPDIR: '/tmp',
  USER: 'runyard',
  LOGNAME: 'runyard',
};

/** What a managed heap may take of the memory limit; the rest is for the runtime itself, its code and its stacks. */
const HEAP_SHARE = 0.78;

/** The command that runs a program under a memory limit: runtimes with a heap of their own must be told how much there is. */
export function runCommand(language: Pick<Language, 'run'>, memoryBytes: number): readonly string[] {
  const memoryMiB = memoryBytes / (1024 * 1024);
  const values: Readonly<Record<string, number>> = { memoryMiB, heapMiB: memoryMiB * HEAP_SHARE };
  return language.run.argv.map((word) =>
    word.replace(/\$\{(memoryMiB|heapMiB)\}/g, (_, name: string) => String(Math.max(1, Math.floor(values[name] ?? 1)))),
  );
}

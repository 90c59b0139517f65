import type { JobOutcome } from './job.ts';
import type { Verdict } from './verdict.ts';

/** What a client reads about a job that no worker could bring to an end. */
export const INTERNAL_ERROR_TEXT =
  'The server failed to run this job. It is not the fault of the program; submit it again.';

/** An outcome in which no step ran or none counts: `error` is a sentence of ours for the client. */
export function emptyOutcome(verdict: Verdict, error: string | null): JobOutcome {
  return {
    verdict,
    step: null,
    exitCode: null,
    signal: null,
    error,
    stdoutPreview: '',
    stderrPreview: '',
    outputPath: null,
    stdoutPath: null,
    stderrPath: null,
    outputBytes: 0,
    truncated: false,
    wallTimeMs: null,
    cpuTimeMs: null,
    memoryBytes: null,
    memorySource: null,
    oomInChild: false,
    execDurationMs: null,
    compile: null,
    timings: null,
  };
}

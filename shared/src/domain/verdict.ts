import type { FinalStatus } from './status.ts';

/** How the program ended. `internal_error` is a fault of ours and never caused by user code. */
export const VERDICTS = [
  'ok',
  'compile_error',
  'runtime_error',
  'signalled',
  'time_limit',
  'wall_time_limit',
  'memory_limit',
  'output_limit',
  'cancelled',
  'expired',
  'internal_error',
] as const;
export type Verdict = (typeof VERDICTS)[number];

/** The status that a verdict settles a job to: total and pure, so that no adapter can disagree. */
export function statusOf(verdict: Verdict): FinalStatus {
  switch (verdict) {
    case 'ok':
      return 'completed';
    case 'time_limit':
    case 'wall_time_limit':
      return 'timeout';
    case 'cancelled':
      return 'cancelled';
    case 'expired':
      return 'expired';
    case 'compile_error':
    case 'runtime_error':
    case 'signalled':
    case 'memory_limit':
    case 'output_limit':
    case 'internal_error':
      return 'failed';
  }
}

/** The names that judges' users know. `cancelled` and `expired` never ran to a verdict: SK (skipped). */
export const SHORT_CODES: Readonly<Record<Verdict, ShortCode>> = {
  ok: 'AC',
  compile_error: 'CE',
  runtime_error: 'RE',
  signalled: 'RE',
  time_limit: 'TLE',
  wall_time_limit: 'TLE',
  memory_limit: 'MLE',
  output_limit: 'OLE',
  cancelled: 'SK',
  expired: 'SK',
  internal_error: 'IE',
};
export type ShortCode = 'AC' | 'WA' | 'TLE' | 'MLE' | 'OLE' | 'RE' | 'CE' | 'IE' | 'SK';

import type { RequestedLimits } from '@runyard/shared/domain';

/** What a client asks to be run: well formed and within the size bounds, whichever door it came through. */
export interface Submission {
  /** Id or alias of a language, not yet looked up. */
  readonly language: string;
  readonly version: string | null;
  readonly code: string;
  readonly input: string;
  readonly inputEncoding: 'utf8' | 'base64';
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly limits: RequestedLimits;
  readonly userId: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

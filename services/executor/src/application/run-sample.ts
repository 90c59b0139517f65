import type { Language } from '@runyard/shared/domain';
import { decodeUtf8, resolveLimits } from '@runyard/shared/domain';
import type { StepOutput } from '@runyard/sandbox';
import { assess } from './translation/outcome.ts';
import { planFor } from './translation/plan.ts';
import type { Sandbox } from './ports.ts';
import { runInSandbox } from './run-in-sandbox.ts';

export type SampleResult =
  | { readonly kind: 'passed'; readonly output: StepOutput }
  /** A sentence for the operator. */
  | { readonly kind: 'failed'; readonly reason: string };

/** How much of what a sample printed wrongly is told. */
const SHOWN_CHARACTERS = 300;

/** Runs a language's sample as a job would run, without store and queue, and compares what it printed. */
export async function runSample(
  language: Language,
  { sandbox, signal }: { sandbox: Sandbox; signal: AbortSignal },
): Promise<SampleResult> {
  const { code, input, output: expected } = language.sample;
  const limits = resolveLimits(language, undefined);
  const plan = planFor(language, limits, { code, input, inputEncoding: 'utf8', args: [], env: {} });
  const report = await runInSandbox(sandbox, plan, { signal });
  const assessment = assess(report, { limits, hasCompile: language.compile !== null, queueMs: 0 });

  if (assessment.kind === 'fault') return failed(`the sandbox failed (${assessment.message})`);
  const { outcome, output } = assessment;
  if (outcome.verdict !== 'ok') return failed(`it ended with ${outcome.verdict} (${shown(outcome.error ?? '')})`);
  const printed = decodeUtf8(output.stdout);
  if (printed !== expected) return failed(`it printed ${shown(printed)} instead of ${shown(expected)}`);
  return { kind: 'passed', output };
}

function failed(reason: string): SampleResult {
  return { kind: 'failed', reason };
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
}

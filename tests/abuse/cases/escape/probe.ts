import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { AbuseCase, World } from '../../case.ts';
import { c } from '../../programs.ts';
import { outcomesOf, probeSource } from '../attempts.ts';
import { NOT_IN_GVISOR, PROBE_CALLS } from './probe-calls.ts';

const GOLDEN_DIR = path.resolve(import.meta.dirname, '../../golden');

const PROBE = c(probeSource(PROBE_CALLS.map(({ name, expression }) => [name, expression])), {
  limits: { wallTimeMs: 30_000 },
});

/**
 * Each call with its outcome, against the file of this runtime. RUNYARD_ABUSE_GOLDEN=write writes the file, to be read line by
 * line before it is committed; a call that must be refused and is not fails all the same.
 */
async function compareWithGolden({ run, launcher, compare, note }: World): Promise<readonly string[]> {
  const seen = await run(PROBE);
  const outcomes = outcomesOf(String(seen.stdout));
  const lines = PROBE_CALLS.map(({ name, rule }) => `${rule.padEnd(7)}  ${name}: ${outcomes.get(name) ?? 'nothing'}`);
  const file = path.join(GOLDEN_DIR, `system-calls.${launcher}.txt`);
  if (process.env['RUNYARD_ABUSE_GOLDEN'] === 'write') writeFileSync(file, `${lines.join('\n')}\n`);
  const golden = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
  note(`${lines.length} calls, ${lines.filter((line) => !line.endsWith(': ok')).length} refused`);
  return [
    ...compare(seen, { verdicts: ['ok'] }),
    ...PROBE_CALLS.flatMap(({ name, rule }) => {
      const outcome = outcomes.get(name) ?? 'nothing';
      const isMissing = launcher === 'runsc' && NOT_IN_GVISOR.has(name);
      const isRight = rule === 'works' && !isMissing ? outcome === 'ok' : /^E[A-Z]+$/.test(outcome);
      return isRight ? [] : [`${name} must be ${rule}: ${outcome}`];
    }),
    ...lines.filter((line) => !golden.includes(line)).map((line) => `not in the golden file: ${line}`),
    ...golden.filter((line) => !lines.includes(line)).map((line) => `only in the golden file: ${line}`),
  ];
}

export const PROBE_CASES: readonly AbuseCase[] = [
  {
    id: 'E1',
    title: `${PROBE_CALLS.length} system calls, each in a process of its own`,
    tags: ['fast', 'full'],
    expected: 'as in the golden file of the runtime: refused by errno, or working',
    acts: [{ script: compareWithGolden }],
  },
];

// The quick checks: one list for `npm run check` and `npm test`.
import { run, say } from './node.mjs';

const checks = [
  { name: 'types', command: 'tsc', args: ['--project', 'tsconfig.json'] },
  { name: 'lint', command: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'format', command: 'prettier', args: ['--check', '--log-level', 'warn', '.'] },
  {
    name: 'boundaries',
    command: 'depcruise',
    args: ['--config', '.dependency-cruiser.mjs', 'shared', 'sandbox', 'services', 'infra', 'tests', 'bench'],
  },
  { name: 'dead code', command: 'knip', args: ['--no-progress', '--no-config-hints'] },
];

/** Runs them all, prints each with its time and, on failure, its output. Resolves to {passed, failed}. */
export async function runChecks() {
  const totals = { passed: 0, failed: 0 };
  for (const check of checks) {
    const startedAtMs = Date.now();
    const output = [];
    const code = await run(check.command, check.args, { onOutput: (text) => output.push(text) });
    say(
      `${code === 0 ? 'ok    ' : 'FAILED'}  ${check.name.padEnd(12)} ${((Date.now() - startedAtMs) / 1000).toFixed(1)} s`,
    );
    if (code !== 0) say(output.join('').trimEnd());
    totals[code === 0 ? 'passed' : 'failed'] += 1;
  }
  return totals;
}

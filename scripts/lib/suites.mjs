// Runs vitest projects and counts what they did from vitest's own JSON report.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { productNode, projectDir, run, say } from './node.mjs';

/** A suite that takes longer hangs: most end within four minutes, and all of `npm test` has 25. The deep ones say their own. */
const SUITE_DEADLINE_MS = 15 * 60_000;
const DEEP_SUITE_DEADLINE_MS = 4 * 3_600_000;
const DEEP_SUITES = new Set(['faults', 'abuse']);

/**
 * Runs one vitest project. Resolves to {passed, failed}; a suite that ends without a report, or with no test, or with a
 * failed set-up counts as one failure at least. `env` narrows a
 * deep suite to what `npm test` runs of it.
 */
export async function runSuite(project, extraArgs = [], env = {}) {
  const reportDir = mkdtempSync(join(tmpdir(), 'runyard-suite-'));
  const reportFile = join(reportDir, 'report.json');
  const vitest = join(projectDir, 'node_modules', 'vitest', 'vitest.mjs');
  say(`\n== ${project}`);
  try {
    const args = [
      vitest,
      'run',
      '--project',
      project,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${reportFile}`,
    ];
    const isWhole = DEEP_SUITES.has(project) && Object.keys(env).length === 0;
    const deadlineMs = isWhole ? DEEP_SUITE_DEADLINE_MS : SUITE_DEADLINE_MS;
    const startedAtMs = Date.now();
    const code = await run(productNode(), [...args, ...extraArgs], { deadlineMs, env });
    say(`== ${project}: ${((Date.now() - startedAtMs) / 1000).toFixed(0)} s`);
    if (code === 124)
      say(`\n!! The ${project} suite was stopped: it did not end within ${deadlineMs / 60_000} minutes.`);
    return count(reportFile, code);
  } finally {
    rmSync(reportDir, { recursive: true, force: true });
  }
}

function count(reportFile, exitCode) {
  try {
    const report = JSON.parse(readFileSync(reportFile, 'utf8'));
    const passed = report.numPassedTests;
    const failed = report.numFailedTests;
    const somethingElseFailed = exitCode !== 0 && failed === 0;
    return { passed, failed: failed + (somethingElseFailed || passed + failed === 0 ? 1 : 0) };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** Why the suites that run real code cannot run here, or null. */
export function sandboxObstacle() {
  if (process.platform !== 'linux') return `they need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'they need root (the native launcher makes namespaces and cgroups)';
  return null;
}

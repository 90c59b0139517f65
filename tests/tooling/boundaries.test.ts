import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const projectDir = join(import.meta.dirname, '..', '..');

interface CruiseResult {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

/** The rules of `.dependency-cruiser.mjs` held against a small tree with one wrong arrow of each kind. */
function cruisePlantedTree(): readonly string[] {
  const depcruise = join(projectDir, 'node_modules', '.bin', 'depcruise');
  const config = join(projectDir, '.dependency-cruiser.mjs');
  const ran = spawnSync(
    process.execPath,
    [depcruise, '--config', config, '--output-type', 'json', 'shared', 'sandbox', 'services', 'tests'],
    { cwd: join(import.meta.dirname, 'planted'), encoding: 'utf8' },
  );
  const result = JSON.parse(ran.stdout) as CruiseResult;
  return result.summary.violations.map((violation) => `${violation.rule.name}: ${violation.from}`);
}

describe('boundaries', () => {
  const violations = cruisePlantedTree();

  test.each([
    'domain-is-pure: shared/src/domain/wrong-arrow.ts',
    'no-cycles: shared/src/domain/cycle-a.ts',
    'sandbox-stands-alone: sandbox/src/wrong-arrow.ts',
    'application-knows-no-technology: services/executor/src/application/wrong-arrow.ts',
    'adapters-are-chosen-by-main: services/executor/src/application/wrong-arrow.ts',
    'services-do-not-meet: services/api-gateway/src/wrong-arrow.ts',
    'tests-talk-http: tests/e2e/wrong-arrow.e2e.ts',
  ])('a planted arrow is reported: %s', (expected) => {
    expect(violations).toContain(expected);
  });

  test('a right arrow is not', () => {
    expect(violations.filter((violation) => violation.endsWith('application/run.ts'))).toEqual([]);
  });
});

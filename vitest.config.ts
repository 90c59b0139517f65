import { defineConfig } from 'vitest/config';

const AWS_STACK = ['tests/support/aws-stack/global-setup.ts'];

/** One project per suite. `npm run check` runs `unit`; `npm test` runs all that this machine can run (see scripts/test.mjs). */
export default defineConfig({
  test: {
    projects: [
      project(
        'unit',
        [
          'shared/**/src/**/*.test.ts',
          'sandbox/src/**/*.test.ts',
          'services/**/src/**/*.test.ts',
          'infra/**/*.test.ts',
          'tests/tooling/*.test.ts',
        ],
        20_000,
      ),
      project('contract', ['shared/**/*.contract.ts'], 60_000),
      project('sandbox', ['sandbox/tests/**/*.sandbox.ts'], 120_000, { exclude: ['**/docker-*', '**/agreement.*'] }),
      // The same files with the other launcher, less those that are about the native one or need none.
      project('sandbox-docker', ['sandbox/tests/**/*.sandbox.ts'], 120_000, {
        exclude: ['**/native-launcher.*', '**/runtime-root.*', '**/frame-echo.*'],
        env: { RUNYARD_TEST_LAUNCHER: 'docker' },
        globalSetup: ['sandbox/src/testing/docker-suite-setup.ts'],
      }),
      // Adapters against real AWS-compatible servers, which the set-up brings.
      project('aws', ['shared/**/*.aws.ts'], 60_000, { globalSetup: AWS_STACK }),
      project('e2e', ['tests/e2e/**/*.e2e.ts'], 180_000),
      project('e2e-aws', ['tests/e2e-aws/**/*.e2e.ts'], 180_000, { globalSetup: AWS_STACK }),
      project('compose', ['tests/compose/**/*.compose.ts'], 600_000),
      project('faults', ['tests/faults/**/*.faults.ts'], 3_600_000, {
        globalSetup: [...AWS_STACK, 'tests/faults/support/table-setup.ts'],
      }),
      project('abuse', ['tests/abuse/**/*.abuse.ts'], 300_000),
    ],
  },
});

interface ProjectOptions {
  readonly exclude?: string[];
  readonly env?: Record<string, string>;
  readonly globalSetup?: string[];
}

function project(name: string, include: string[], testTimeout: number, more: ProjectOptions = {}) {
  // Suites with sandboxes share one real host of few cores: files one after the other keep wall limits honest.
  const fileParallelism = name === 'unit' || name === 'aws';
  return { test: { name, include, testTimeout, hookTimeout: 600_000, fileParallelism, ...more } };
}

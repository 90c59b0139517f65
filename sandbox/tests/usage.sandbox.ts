import { describe, expect, test } from 'vitest';
import { DIFFERENCES, here } from './support/differences.ts';
import { between } from './support/program-case.ts';
import { cMain, MIB, sh } from './support/programs.ts';
import { endingOf, onlyRun, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

/** Burns CPU by the process's own clock, so that other load on the machine does not matter. */
const BURN = (seconds: number) => `while (clock() < ${seconds} * CLOCKS_PER_SEC);`;

async function usageOf(body: string) {
  const run = onlyRun(await user.run(cMain(body, { limits: { memoryBytes: 256 * MIB, wallTimeMs: 10_000 } })));
  expect(endingOf(run)).toBe('exited 0');
  expect(here(DIFFERENCES.memorySource)).toContain(run.usage.memorySource);
  return run.usage;
}

describe('CPU time', () => {
  test('of the main process', async () => {
    const usage = await usageOf(BURN(0.5));
    expect(usage.cpuTimeMs).toSatisfy(between(495, 600));
    expect(usage.wallTimeMs).toBeGreaterThanOrEqual(480);
  });

  test('of children, waited for or not', async () => {
    const child = `if (fork() == 0) { ${BURN(0.2)} _exit(0); }`;
    expect((await usageOf(`${child} ${child} wait(0); wait(0);`)).cpuTimeMs).toSatisfy(between(395, 500));
    const orphan = `int p[2]; char b; pipe(p); if (fork() == 0) { if (fork() == 0) { ${BURN(0.2)} close(1); write(p[1], "x", 1); pause(); } _exit(0); } wait(0); read(p[0], &b, 1);`;
    expect((await usageOf(orphan)).cpuTimeMs).toSatisfy(between(195, 300));
  });

  test('of a sleeper is next to nothing', async () => {
    const usage = await usageOf('usleep(300000);');
    expect(usage.wallTimeMs).toSatisfy(between(300, 3000));
    expect(usage.cpuTimeMs).toSatisfy(between(0, 20));
  });

  test('of the start is not charged with what came before', async () => {
    const plan = cMain(BURN(0.3), {}, {});
    const report = await user.run(plan);
    for (const run of report.runs) expect(run.usage.cpuTimeMs).toSatisfy(between(295, 400));
  });
});

describe('memory', () => {
  test.each([10, 100, 200])('%d MB touched', async (megabytes) => {
    const usage = await usageOf(`char *p = malloc(${megabytes}ul << 20); memset(p, 1, ${megabytes}ul << 20);`);
    expect(usage.memoryBytes).toSatisfy(between(megabytes * MIB, megabytes * MIB + 4 * MIB));
  });

  test('is the peak, not the end', async () => {
    const usage = await usageOf('char *p = malloc(50 << 20); memset(p, 1, 50 << 20); free(p); usleep(1000);');
    expect(usage.memoryBytes).toSatisfy(between(50 * MIB, 54 * MIB));
  });

  test('is the sum over processes', async () => {
    const child = 'if (fork() == 0) { memset(malloc(20 << 20), 1, 20 << 20); usleep(300000); _exit(0); }';
    const usage = await usageOf(`${child} ${child} ${child} wait(0); wait(0); wait(0);`);
    expect(usage.memoryBytes).toSatisfy(between(60 * MIB, 65 * MIB));
  });

  test('of a second run does not hold what the first had', async () => {
    const big = 'if (argc > 1) { char *p = malloc(50 << 20); memset(p, 1, 50 << 20); }';
    const report = await user.run(cMain(big, { args: ['x'] }, {}));
    expect(report.runs[0]?.usage.memoryBytes).toBeGreaterThan(50 * MIB);
    expect(report.runs[1]?.usage.memoryBytes).toBeLessThan(5 * MIB);
  });

  test('files in memory count', async () => {
    const run = onlyRun(await user.run(sh('head -c 10000000 /dev/zero > /tmp/a')));
    expect(run.usage.memoryBytes).toSatisfy(between(10_000_000, 10_000_000 + 4 * MIB));
  });
});

test('wall time is that of the main process', async () => {
  const run = onlyRun(await user.run(sh('sleep 0.3')));
  expect(run.usage.wallTimeMs).toSatisfy(between(300, 3000));
  const daemon = onlyRun(await user.run(sh('sleep 9 & exit 0')));
  expect(daemon.usage.wallTimeMs).toBeLessThan(5000);
});

/** Jobs that kill their executor each time: they end as our failure after three attempts, and everybody else's go on. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AwsWorld, LANGUAGES, type LaneLanguage, type RunningService, type WorldHook } from './support/aws-world.ts';
import { IS_FAST, conclude, type ExpectedJob, inLanes, program, ROUNDS } from './support/rounds.ts';

/** Jobs of others beside each poisonous one. */
const OTHERS = 2;
const ATTEMPTS = 3;

let world: AwsWorld;

beforeAll(async () => {
  world = await AwsWorld.start({ leaseSec: 3 });
});
afterAll(() => (world as AwsWorld | undefined)?.[Symbol.asyncDispose]());

test.skipIf(IS_FAST)('poisonous jobs', async () => {
  const poison = new Set<string>();
  const expected: ExpectedJob[] = [];
  await inLanes(ROUNDS, 4, async (round) => {
    const language = LANGUAGES[round % LANGUAGES.length] ?? 'bash';
    const job = await world.submit(program(language, round, 0), language);
    poison.add(job.executionId);
    expected.push({ job, stdout: '' });
    for (let other = 0; other < OTHERS; other += 1) {
      expected.push({ job: await world.submit(program(language, other, 0.1), language), stdout: `${other}\n` });
    }
  });
  const end = new AbortController();
  const lanes = LANGUAGES.map((language) => restartUntil(end.signal, language, poison));
  const report = await conclude(world, 'poison: kills its executor each time', {
    planted: ROUNDS,
    expected,
    internalErrors: ROUNDS,
  }).finally(() => end.abort());
  const kills = await Promise.all(lanes);
  expect(report.reRuns).toBe((ATTEMPTS - 1) * ROUNDS);
  expect(kills.reduce((sum, count) => sum + count)).toBe(ATTEMPTS * ROUNDS);
});

/** Keeps one executor running, as an orchestrator would; it dies whenever it claims a poisonous job. Answers how often. */
async function restartUntil(signal: AbortSignal, language: LaneLanguage, poison: ReadonlySet<string>): Promise<number> {
  let deaths = 0;
  while (!signal.aborted) {
    let executor: RunningService | null = null;
    const hook: WorldHook = (_call, seen) => {
      if (seen?.point !== 'claimed' || !seen.executionIds.some((id) => poison.has(id))) return 'pass';
      executor?.process.kill('SIGKILL');
      return 'cut';
    };
    executor = await world.startExecutor({ hook, slots: 1, language });
    const { process } = executor;
    const stop = (): void => process.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    if ((await process.exited).signal === 'SIGKILL') deaths += 1;
    signal.removeEventListener('abort', stop);
  }
  return deaths;
}

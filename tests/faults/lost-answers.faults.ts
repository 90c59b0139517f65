/** Calls that the server carried out and whose answer was lost, once or for every try of the client: one result all the same. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { AwsCall } from './support/aws-proxy.ts';
import { AwsWorld, pass, type RunningService, type WorldHook } from './support/aws-world.ts';
import type { SeenPoint } from './support/job-log.ts';
import { conclude, inLanes, IS_FAST, program, ROUNDS } from './support/rounds.ts';

/** Tries of the AWS client, so that some calls fail for good. */
const MOST_CUTS = 3;
const WIDTH = 6;

let world: AwsWorld;
let executors: RunningService[];

beforeAll(async () => {
  world = await AwsWorld.start();
  executors = await Promise.all([1, 2].map(() => world.startExecutor()));
});
afterEach(() => setHooks(pass));
afterAll(() => (world as AwsWorld | undefined)?.[Symbol.asyncDispose]());

function setHooks(hook: WorldHook): void {
  for (const service of [world.gateway, ...executors]) service.hook = hook;
}

interface Target {
  readonly name: string;
  /** The job that a call is about; null for other calls. */
  readonly jobOf: (call: AwsCall, seen: SeenPoint | null) => string | undefined;
}

const idIn = ({ body }: AwsCall): string | undefined => /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(body)?.[0];
const atPoint = (point: SeenPoint['point']) => (_call: AwsCall, seen: SeenPoint | null) =>
  seen?.point === point ? seen.executionIds[0] : undefined;
const of = (operation: string) => (call: AwsCall) => (call.operation === operation ? idIn(call) : undefined);

const TARGETS: readonly Target[] = [
  { name: 'create', jobOf: of('PutItem') },
  { name: 'send', jobOf: of('SendMessage') },
  { name: 'claim', jobOf: atPoint('claimed') },
  { name: 'output', jobOf: atPoint('stored') },
  { name: 'settle', jobOf: atPoint('settled') },
  { name: 'delete', jobOf: atPoint('deleted') },
];

test.skipIf(IS_FAST).each(TARGETS)('the answer to $name is lost', async ({ name, jobOf }) => {
  const cutsOf = new Map<string, number>();
  let cuts = 0;
  setHooks((call, seen) => {
    if (call.phase === 'before') return 'pass';
    // A try that meets what the first one wrote is about the same job, and may be cut as well.
    const id =
      jobOf(call, seen) ?? (cutsOf.has(idIn(call) ?? '') && call.answer?.status === 400 ? idIn(call) : undefined);
    if (id === undefined) return 'pass';
    const left = cutsOf.get(id) ?? 1 + Math.floor(Math.random() * MOST_CUTS);
    cutsOf.set(id, left - 1);
    if (left <= 0) return 'pass';
    cuts += 1;
    return 'cut';
  });
  const expected = await inLanes(ROUNDS, WIDTH, async (round) => {
    await sleep(Math.random() * 100);
    return { job: await world.submitSurely(program('bash', round, 0)), stdout: `${round}\n` };
  });
  const report = await conclude(world, `answer lost: ${name}`, { planted: () => cuts, expected });
  expect(cuts).toBeGreaterThanOrEqual(ROUNDS);
  // Only a claim that the table granted and nobody knows of costs an attempt.
  expect(report.reRuns).toBeLessThanOrEqual(name === 'claim' ? 2 * ROUNDS : 0);
});

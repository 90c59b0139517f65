/**
 * Table, queue and bucket that answer with errors, slowly or not at all, or take nothing more, under load: 50 times for a moment, and
 * for half a minute at the end. Clients go on submitting. Each of the three has a world of its own; they run side by side.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { AwsCall, AwsService, Fate, PlantedError } from './support/aws-proxy.ts';
import { AwsWorld, pass, type RunningService, type WorldHook } from './support/aws-world.ts';
import { sumOf } from './support/counters.ts';
import { Load } from './support/load.ts';
import { conclude, type ExpectedJob, ROUNDS, IS_FAST } from './support/rounds.ts';

type Kind = 'errors' | 'slow' | 'silent' | 'full';

/** From the error references of the three APIs; all of them may pass. */
const ERRORS: Record<AwsService, readonly PlantedError[]> = {
  DYNAMODB: [
    { status: 500, code: 'InternalServerError' },
    { status: 503, code: 'ServiceUnavailable' },
    { status: 400, code: 'ProvisionedThroughputExceededException' },
    { status: 400, code: 'ThrottlingException' },
  ],
  SQS: [
    { status: 500, code: 'InternalFailure' },
    { status: 503, code: 'ServiceUnavailable' },
    { status: 400, code: 'RequestThrottled' },
  ],
  S3: [
    { status: 500, code: 'InternalError' },
    { status: 503, code: 'SlowDown' },
  ],
};
const FULL: Record<AwsService, PlantedError> = {
  DYNAMODB: { status: 400, code: 'ItemCollectionSizeLimitExceededException' },
  SQS: { status: 403, code: 'OverLimit' },
  S3: { status: 507, code: 'XMinioStorageFull' },
};
const WRITES = new Set(['PutItem', 'UpdateItem', 'PUT']);
const SLOW_MS = 3_000;
/** Of the short ones: at random below this. */
const SHORT_MS = 2_000;
const LONG_MS = Number(process.env['RUNYARD_FAULT_OUTAGE_SEC'] ?? '30') * 1000;
/** Readiness must turn while the long outage lasts, and back after it: pauses between two looks and a back-off of 10 s. */
const BACK_WITHIN_MS = 45_000;
const SUBMIT_EVERY_MS = 500;

const PARTS: readonly { name: string; service: AwsService; kinds: readonly Kind[] }[] = [
  { name: 'table', service: 'DYNAMODB', kinds: ['errors', 'slow', 'silent', 'full'] },
  { name: 'queue', service: 'SQS', kinds: ['errors', 'slow', 'silent'] },
  { name: 'bucket', service: 'S3', kinds: ['errors', 'slow', 'silent', 'full'] },
];

test.skipIf(IS_FAST)('outages of the table, the queue and the bucket', async () => {
  const ends = await Promise.allSettled(PARTS.map(outagesOf));
  const failures = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
  expect(failures).toEqual([]);
});

async function outagesOf({ name, service, kinds }: (typeof PARTS)[number]): Promise<void> {
  await using world = await AwsWorld.start();
  const executors = await Promise.all([1, 2].map(() => world.startExecutor()));
  const place = { world, executors, service };
  for (const kind of kinds) {
    const load = new Load(world, { everyMs: SUBMIT_EVERY_MS });
    for (let round = 0; round < ROUNDS; round += 1) {
      await sleep(Math.random() * 1_000);
      await duringOutage(place, kind, () => sleep(Math.random() * SHORT_MS));
    }
    await longOutage(place, kind);
    const expected: readonly ExpectedJob[] = await load.stop();
    await conclude(world, `${name}: ${kind}`, { planted: ROUNDS + 1, expected });
  }
  const told = { DYNAMODB: [world.sweeper, 'failed_parts'], SQS: [executors[0], 'receive_errors'], S3: null } as const;
  expect(await toldBy(told[service])).toBeGreaterThan(0);
}

/** What a counter has to tell of the outages; of some there is none. */
async function toldBy(told: readonly [RunningService | undefined, string] | null): Promise<number> {
  return told?.[0] === undefined ? 1 : sumOf([told[0]], told[1]);
}

interface Place {
  readonly world: AwsWorld;
  readonly executors: readonly RunningService[];
  readonly service: AwsService;
}

/** All services meet it at once. */
async function duringOutage(
  { world, executors, service }: Place,
  kind: Kind,
  work: () => Promise<unknown>,
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const hook: WorldHook = (call) =>
    call.service === service && call.phase === 'before' ? fateOf(kind, call, over.promise) : 'pass';
  const services = [world.gateway, world.sweeper, ...executors];
  for (const box of services) box.hook = hook;
  try {
    await work();
  } finally {
    for (const box of services) box.hook = pass;
    over.resolve();
  }
}

async function fateOf(kind: Kind, { service, operation }: AwsCall, over: Promise<void>): Promise<Fate> {
  const errors = ERRORS[service];
  switch (kind) {
    case 'errors':
      return errors[Math.floor(Math.random() * errors.length)] ?? 'cut';
    case 'slow':
      return { delayMs: SLOW_MS };
    case 'silent':
      await over;
      return 'cut';
    case 'full':
      return WRITES.has(operation) ? FULL[service] : 'pass';
  }
}

/** Whoever needs the part says that it is not ready, and says otherwise when the part is back. */
async function longOutage(place: Place, kind: Kind): Promise<void> {
  const watched = watchedIn(place, kind);
  await duringOutage(place, kind, async () => {
    const [trouble] = await Promise.allSettled([
      Promise.all(watched.map((service) => untilReadiness(service, 503, LONG_MS))),
      sleep(LONG_MS),
    ]);
    if (trouble.status === 'rejected') throw trouble.reason;
  });
  await Promise.all(
    [place.world.gateway, ...place.executors].map((service) => untilReadiness(service, 200, BACK_WITHIN_MS)),
  );
}

/** What only refuses writes answers questions; an executor, which nobody waits for, works on with what is slow. */
function watchedIn({ world, executors }: Place, kind: Kind): readonly RunningService[] {
  if (kind === 'full') return [];
  return kind === 'slow' ? [world.gateway] : [world.gateway, ...executors];
}

async function untilReadiness({ process }: RunningService, status: number, timeout: number): Promise<void> {
  const readiness = async () => {
    const answer = await fetch(`${process.url}/health/ready`);
    return { status: answer.status, text: await answer.text() };
  };
  await expect.poll(readiness, { timeout, interval: 250, message: process.name }).toMatchObject({ status });
}

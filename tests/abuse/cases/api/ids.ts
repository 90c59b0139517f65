import type { AbuseCase, Answer, World } from '../../case.ts';
import { bash } from '../../programs.ts';

const GUESSES = 10_000;
const GUESSERS = 8;
const UNKNOWN = '0190a3c0-0000-7000-8000-000000000000';
const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The answer without what differs from request to request. */
function sameForAll({ status, body }: Answer): string {
  return `${status} ${String(body).replace(/"requestId":"[^"]*"/, '')}`;
}

/** Whatever is no id of a job of the caller: the same answer, on every route. */
async function answeredAlike(world: World): Promise<readonly string[]> {
  const { job } = await world.run(bash('echo secret'));
  const id = job.executionId;
  const strange = [
    id.toUpperCase(),
    `${id}0`,
    id.slice(1),
    id.replaceAll('-', ''),
    `{${id}}`,
    `urn:uuid:${id}`,
    `${id}%00`,
    `${id}/`,
    `${id}%2f`,
    `${id}/..`,
    `src%23${id}`,
    `${id}%23src`,
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e%2f',
    '..;/',
    `x/../${id}`,
    '*',
    '%25',
    '%',
    '%ff',
    'null',
    '0',
    '__proto__',
    "'%20OR%201=1--",
    '%7b%22$gt%22:%22%22%7d',
    'x'.repeat(5000),
  ];
  const faults: string[] = [];
  for (const route of ['/status', '/result', '/v1/status', '/v1/result']) {
    const unknown = sameForAll(await world.request({ path: `${route}/${UNKNOWN}` }));
    if (!unknown.startsWith('404 ')) faults.push(`${route} of an unknown id answers ${unknown}`);
    for (const text of strange) {
      const answer = sameForAll(await world.request({ path: `${route}/${text}` }));
      if (answer !== unknown) faults.push(`${route}/${text.slice(0, 60)} answers ${answer.slice(0, 200)}`);
    }
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    for (const path of [`/status/${id}`, `/result/${id}`, `/jobs/${id}`, `/cancel/${id}`]) {
      const { status } = await world.request({ method, path });
      if (status !== 404 && status !== 405) faults.push(`${method} ${path} answers ${status}`);
    }
  }
  const after = await world.request({ path: `/status/${id}` });
  if (!String(after.body).includes('"secret\\n"')) faults.push('the job itself is no longer found');
  return faults;
}

/** Neighbours of a real id, as a counter or a clock would make them. */
async function guess(world: World): Promise<readonly string[]> {
  const { job } = await world.run(bash('echo secret'));
  const value = BigInt(`0x${job.executionId.replaceAll('-', '')}`);
  const cellless = value >> 8n;
  const cell = value & 255n;
  const found: string[] = [];
  const times: number[] = [];
  const steps = Array.from({ length: GUESSES }, (_, n) => BigInt(n % 2 === 0 ? n + 2 : -n));
  const guesser = async (): Promise<void> => {
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      const text = (((cellless + step) << 8n) | cell).toString(16).padStart(32, '0');
      const id = [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join(
        '-',
      );
      const { status, elapsedMs } = await world.request({ path: `/status/${id}` });
      times.push(elapsedMs);
      if (status !== 404) found.push(`${id} answers ${status}`);
    }
  };
  await Promise.all(Array.from({ length: GUESSERS }, guesser));
  world.note(`${times.length} guesses, ${found.length} found, longest answer ${Math.round(Math.max(...times))} ms`);
  return found;
}

/** How many bits of ids made in quick succession differ from one to the next. */
async function unpredictable(world: World): Promise<readonly string[]> {
  const jobs: Awaited<ReturnType<World['submit']>>[] = [];
  // A few at a time: the connections are the client's own, and are not what is tested.
  while (jobs.length < 40)
    jobs.push(...(await Promise.all(Array.from({ length: 5 }, () => world.submit(bash('true'))))));
  const ids = jobs.map(({ executionId }) => executionId).toSorted();
  for (const job of jobs) await world.finish(job, bash('true'));
  const faults = ids.filter((id) => !ID.test(id)).map((id) => `${id} is no version 7`);
  if (new Set(ids).size !== ids.length) faults.push('an id twice');
  const tails = new Set(ids.map((id) => id.slice(24, 34)));
  if (tails.size !== ids.length) faults.push('the random end of an id twice');
  return faults;
}

export const ID_CASES: readonly AbuseCase[] = [
  {
    id: 'A5',
    title: `ids with ../, %2f, in capitals, of nobody; ${GUESSES} guesses; every verb`,
    tags: ['full'],
    expected: '404 with the very body of "unknown"; none guessed; no verb without a check',
    acts: [
      { name: 'answered alike', script: answeredAlike },
      { name: 'guesses', script: guess },
      { name: 'unpredictable', script: unpredictable },
    ],
  },
];

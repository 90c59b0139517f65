import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { TestServer } from '../../../support/server.ts';
import type { AbuseCase, World } from '../../case.ts';
import { bash, cMain, MIB } from '../../programs.ts';
import { JOB, JSON_TYPE } from './asking.ts';

const STORM_MS = 5000;
const POLLERS = 50;
const STREAMS = 1200;
const QUEUE_LIMIT = 5;

/** Asks again and again from many connections for some seconds. Returns how often each status came. */
async function storm(
  world: World,
  path: (n: number) => string,
  options: { readonly method?: string; readonly body?: string } = {},
) {
  const untilMs = performance.now() + STORM_MS;
  const counts = new Map<number | string, number>();
  let asked = 0;
  const poller = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      asked += 1;
      const { status } = await world.request({
        ...options,
        path: path(asked),
        headers: options.body === undefined ? {} : JSON_TYPE,
      });
      counts.set(status, (counts.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: POLLERS }, poller));
  world.note(`${path(0)}: ${[...counts].map(([status, count]) => `${count} × ${status}`).join(', ')}`);
  return counts;
}

const onlyStatuses = (counts: ReadonlyMap<number | string, number>, allowed: readonly number[]): readonly string[] =>
  [...counts.keys()].filter((status) => !allowed.some((one) => one === status)).map((status) => `answers ${status}`);

async function submitStorm(world: World): Promise<readonly string[]> {
  const counts = await storm(world, () => '/submit', { method: 'POST', body: JSON.stringify(JOB) });
  // What was accepted runs; the case ends when the last of it has ended.
  const last = await world.run(bash('echo last'));
  return [...onlyStatuses(counts, [202, 429, 503]), ...world.compare(last, { verdicts: ['ok'], stdout: 'last\n' })];
}

async function pollStorm(world: World): Promise<readonly string[]> {
  const job = await world.submit(bash('sleep 2; echo polled'));
  const statuses = onlyStatuses(await storm(world, () => `/status/${job.executionId}`), [200, 429, 503]);
  const seen = await world.finish(job, bash('sleep 2; echo polled'));
  return [...statuses, ...world.compare(seen, { verdicts: ['ok'], stdout: 'polled\n' })];
}

async function cancelStorm(world: World): Promise<readonly string[]> {
  const job = await world.submit(bash('sleep 2; echo kept'));
  const statuses = onlyStatuses(
    await storm(world, (n) => (n % 2 === 0 ? `/cancel/${job.executionId}` : `/jobs/${job.executionId}`), {
      method: 'POST',
      body: '{}',
    }),
    [404, 405, 429],
  );
  const seen = await world.finish(job, bash('sleep 2; echo kept'));
  return [...statuses, ...world.compare(seen, { verdicts: ['ok'], stdout: 'kept\n' })];
}

/** More waiting requests than the server lets wait: the others are answered at once with what is known. */
async function openStreams(world: World): Promise<readonly string[]> {
  const submission = bash('sleep 2; echo awaited');
  const job = await world.submit(submission);
  const sockets = await openAll(
    world.url,
    STREAMS,
    `GET /status/${job.executionId}?wait=20 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
  );
  try {
    const startMs = performance.now();
    const live = await world.request({ path: '/health/live' });
    world.note(`${sockets.length} open, /health/live after ${Math.round(performance.now() - startMs)} ms`);
    const answers = await Promise.all(sockets.map(readToEnd));
    const refused = answers.filter((text) => !text.startsWith('HTTP/1.1 200 ')).length;
    const seen = await world.finish(job, submission);
    return [
      ...(live.status === 200 ? [] : [`/health/live answers ${live.status}`]),
      ...(refused === 0 ? [] : [`${refused} waiting requests were not answered by 200`]),
      ...world.compare(seen, { verdicts: ['ok'], stdout: 'awaited\n' }),
    ];
  } finally {
    for (const socket of sockets) socket.destroy();
  }
}

async function openAll(url: string, count: number, text: string): Promise<readonly Socket[]> {
  const { hostname, port } = new URL(url);
  const sockets: Socket[] = [];
  for (let n = 0; n < count; n += 1) {
    const socket = connect(Number(port), hostname);
    socket.on('error', () => undefined);
    sockets.push(socket);
    if (n % 100 === 99) await once(socket, 'connect');
    socket.write(text);
  }
  return sockets;
}

async function readToEnd(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  if (!socket.closed) await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** A server of its own: full is full for everybody, and the canary is somebody. */
async function queueFull({ note }: World): Promise<readonly string[]> {
  const env = { RUNYARD_QUEUE_LIMIT: String(QUEUE_LIMIT), RUNYARD_SLOTS: '1', RUNYARD_STARTUP_CHECK: 'bash' };
  await using server = await TestServer.start({ env });
  const submit = () =>
    fetch(`${server.url}/submit`, {
      method: 'POST',
      headers: JSON_TYPE,
      body: JSON.stringify({ language: 'bash', code: 'sleep 1' }),
    });
  const answers = await Promise.all(Array.from({ length: 100 }, submit));
  const accepted = answers.filter(({ status }) => status === 202);
  const full = answers.filter(({ status }) => status === 503);
  const texts = await Promise.all(full.map((answer) => answer.text()));
  const jobs = await Promise.all(
    accepted.map(async (answer) => (await answer.json()) as Parameters<typeof server.client.untilFinal>[0]),
  );
  note(`${accepted.length} accepted, ${full.length} told that the queue is full`);
  const isOpen = await fetch(`${server.url}/status/${jobs[0]?.executionId}`);
  await isOpen.arrayBuffer();
  const ended = await Promise.all(jobs.map((job) => server.client.untilFinal(job)));
  const later = await server.client.run({ language: 'bash', code: 'echo room' });
  return [
    ...(accepted.length + full.length === 100 ? [] : ['some answers are neither 202 nor 503']),
    ...(accepted.length <= QUEUE_LIMIT ? [] : [`${accepted.length} accepted into a queue of ${QUEUE_LIMIT}`]),
    ...(full.every(({ headers }) => /^\d+$/.test(headers.get('retry-after') ?? '')) ? [] : ['no Retry-After']),
    ...(texts.every((text) => text.includes('"queue_full"')) ? [] : ['another code than queue_full']),
    ...(isOpen.status === 200 ? [] : [`a full queue answers ${isOpen.status} to who asks for a job`]),
    ...(ended.every(({ verdict }) => verdict === 'ok') ? [] : ['an accepted job did not end well']),
    ...(later.verdict === 'ok' ? [] : ['no job is accepted when there is room again']),
  ];
}

/** Takes 16 MiB of output by a connection that never reads, and then is gone. */
async function neverReads(world: World): Promise<readonly string[]> {
  const printer = cMain(
    'static char b[1 << 20]; for (int i = 0; i < 16; i++) for (size_t n = 0; n < sizeof b;) n += write(1, b, sizeof b - n);',
    {
      limits: { outputBytes: 16 * MIB },
    },
  );
  const seen = await world.run(printer);
  const { body } = await world.request({ path: `/result/${seen.job.executionId}` });
  const link = new URL((JSON.parse(String(body)) as { url: string }).url, world.url);
  const request = `GET ${link.pathname}${link.search} HTTP/1.1\r\nHost: x\r\n\r\n`;
  const sockets = await openAll(world.url, 40, request);
  for (const socket of sockets) socket.pause();
  const again = await world.run(bash('echo others'));
  for (const socket of sockets) socket.destroy();
  return [
    ...world.compare(seen, { verdicts: ['ok'], outputBytes: { min: 16 * MIB, max: 16 * MIB } }),
    ...world.compare(again, { verdicts: ['ok'], stdout: 'others\n' }),
  ];
}

/** Waits for a job that floods, reads nothing, dies in the middle; another client then finds the job as it should be. */
async function diesMidRun(world: World): Promise<readonly string[]> {
  const flood = bash('yes | head -c 3000000; sleep 1; echo end', { limits: { outputBytes: 4 * MIB } });
  const text = JSON.stringify(flood);
  const request = `POST /submit?wait=20 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nIdempotency-Key: dies-${Date.now()}\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`;
  const sockets = await openAll(world.url, 2, request);
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (const socket of sockets) socket.destroy();
  const key = /Idempotency-Key: (\S+)/.exec(request)?.[1] ?? '';
  const found = await world.request({
    method: 'POST',
    path: '/submit',
    headers: { ...JSON_TYPE, 'idempotency-key': key },
    body: text,
  });
  const job = JSON.parse(String(found.body)) as Parameters<World['finish']>[0];
  const seen = await world.finish(job, flood);
  return [
    ...(found.headers['idempotent-replayed'] === 'true' ? [] : ['the job of the dead client is not found']),
    ...world.compare(seen, { verdicts: ['ok'], outputBytes: { min: 3_000_004, max: 3_000_004 } }),
  ];
}

const UPGRADE =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';

export const LOAD_CASES: readonly AbuseCase[] = [
  {
    id: 'A10',
    title: 'storms of submissions, polls and cancels; 1 200 waiting requests; a full queue',
    tags: ['full'],
    expected: 'accepted or refused by 429 or 503 with Retry-After; others are served, every accepted job ends well',
    acts: [
      { name: 'submissions', script: submitStorm },
      { name: 'polls', script: pollStorm },
      { name: 'cancels', script: cancelStorm },
      { name: 'waiting requests', script: openStreams },
      { name: 'a full queue', script: queueFull },
    ],
  },
  {
    id: 'A11',
    title: 'clients that never read, die in the middle, ask twice, or want a websocket',
    tags: ['full'],
    expected: 'the job ends normally and nobody else notices; there are no websockets',
    acts: [
      { name: 'never reads', script: neverReads },
      { name: 'dies in the middle, twice', script: diesMidRun },
      { name: 'a websocket', raw: [`GET /events/x HTTP/1.1\r\n${UPGRADE}`], expect: { statuses: [400, 404, 426] } },
      {
        name: 'a websocket on a real path',
        raw: [`GET /version HTTP/1.1\r\n${UPGRADE}`],
        expect: { statuses: [200, 400, 426] },
      },
    ],
  },
];

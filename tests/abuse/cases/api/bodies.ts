import type { AbuseCase } from '../../case.ts';

/** A request, bytes on a connection, and a script. */
export const BODY_CASES: readonly AbuseCase[] = [
  {
    id: 'A1',
    title: 'a body of the wrong type, one cut short, many at once',
    tags: ['fast', 'full'],
    expected: 'refused by 415 and 400, never by a 5xx',
    acts: [
      {
        name: 'wrong type',
        http: { method: 'POST', path: '/submit', headers: { 'content-type': 'image/png' }, body: 'x' },
        expect: { statuses: [415], code: 'unsupported_media_type' },
      },
      {
        name: 'no header ends',
        raw: ['POST /submit HTTP/1.1\r\nhost', { pauseMs: 50 }, ' x\r\n\r\n'],
        expect: { statuses: [400, 'closed'] },
      },
      {
        name: 'a hundred at once',
        script: async ({ request, note }) => {
          const asking = Array.from({ length: 100 }, () => request({ path: '/status/not-an-id' }));
          const statuses = (await Promise.all(asking)).map(({ status }) => status);
          note(`answers: ${[...new Set(statuses)].join(', ')}`);
          return statuses.every((status) => status === 400 || status === 404) ? [] : [`answers ${statuses.join(' ')}`];
        },
      },
    ],
  },
];

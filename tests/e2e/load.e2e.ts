/** Many jobs at once: each gets its own answer. */
import { expect, test } from 'vitest';
import { expectNoTraces } from '../support/host-traces.ts';
import { TestServer } from '../support/server.ts';

const JOBS = 200;

const TEMPLATES: readonly ((n: number) => { language: string; code: string })[] = [
  (n) => ({ language: 'python', code: `print(${n} * ${n}, input())` }),
  (n) => ({ language: 'bash', code: `read line; echo $((${n} * ${n})) "$line"` }),
  (n) => ({
    language: 'javascript',
    code: `const line = require('node:fs').readFileSync(0, 'utf8').trim(); console.log(${n} * ${n}, line);`,
  }),
  (n) => ({
    language: 'c',
    code: `#include <stdio.h>\nint main(void) { char line[40]; scanf("%39s", line); printf("%d %s\\n", ${n} * ${n}, line); }`,
  }),
];

test(`${JOBS} jobs at once`, async () => {
  await using server = await TestServer.start();
  const { ownerId } = await server.client.get<{ ownerId: string }>('/version');
  const numbers = Array.from({ length: JOBS }, (_, index) => index + 1);
  const jobs = await Promise.all(
    numbers.map((n) => {
      const template = TEMPLATES[n % TEMPLATES.length];
      if (template === undefined) throw new Error('no template');
      return server.client.run({ ...template(n), input: `input-${n}\n` });
    }),
  );
  expect(jobs.map(({ verdict }) => verdict)).toEqual(numbers.map(() => 'ok'));
  expect(jobs.map(({ stdoutPreview }) => stdoutPreview)).toEqual(numbers.map((n) => `${n * n} input-${n}\n`));
  expect(new Set(jobs.map(({ executionId }) => executionId)).size).toBe(JOBS);
  expect(jobs.every(({ attempt }) => attempt === 1)).toBe(true);
  const outputs = await Promise.all(jobs.map(({ executionId }) => server.client.outputOf(executionId)));
  expect(outputs.map(String)).toEqual(numbers.map((n) => `${n * n} input-${n}\n`));
  await server.end('SIGTERM');
  await expectNoTraces(ownerId);
});

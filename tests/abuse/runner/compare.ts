import type { Answer, AnswerExpectation, BytesExpectation, JobExpectation, Range, SeenJob } from '../case.ts';

/** How much of an output a message shows. */
const SHOWN_BYTES = 300;

/** What is wrong with a job; empty: as expected. */
export function compareJob(seen: SeenJob, expect: JobExpectation): readonly string[] {
  const { job } = seen;
  const verdicts: readonly string[] = expect.verdicts;
  return [
    ...(verdicts.includes(job.verdict ?? '')
      ? []
      : [`verdict ${job.verdict} (${job.error}), expected ${verdicts.join(' or ')}`]),
    ...same('step', job.step, expect.step),
    ...oneOf('exit code', job.exitCode, expect.exitCode),
    ...same('signal', job.signal, expect.signal),
    ...bytes('stdout', seen.stdout, expect.stdout),
    ...bytes('stderr', seen.stderr, expect.stderr),
    ...bytes('combined output', seen.combined, expect.combined),
    ...bytes('compiler output', Buffer.from(job.compile?.output ?? ''), expect.compileOutput),
    ...error(job.error, expect.error),
    ...same('oomInChild', job.oomInChild, expect.oomInChild),
    ...same('truncated', job.truncated, expect.truncated),
    ...range('output bytes', job.outputBytes, expect.outputBytes),
    ...range('memory bytes', job.memoryBytes, expect.memoryBytes),
    ...range('CPU ms', job.cpuTimeMs, expect.cpuTimeMs),
    ...range('wall ms', job.wallTimeMs, expect.wallTimeMs),
    ...range(
      'ms to the kill',
      seen.killMs,
      expect.killWithinMs === undefined ? undefined : { max: expect.killWithinMs },
    ),
    ...(expect.faults?.(seen) ?? []),
  ];
}

/** What is wrong with an answer; empty: as expected. */
export function compareAnswer(answer: Answer, expect: AnswerExpectation): readonly string[] {
  const problem = parseProblem(answer.body);
  const paths = problem.errors?.map(({ path }) => path) ?? [];
  return [
    ...(expect.statuses.includes(answer.status)
      ? []
      : [`status ${answer.status}, expected ${expect.statuses.join(' or ')}: ${shown(answer.body)}`]),
    ...same('code', problem.code, expect.code),
    ...(expect.paths ?? []).flatMap((path) =>
      paths.includes(path) ? [] : [`errors name ${paths.join(' ')}, not ${path}`],
    ),
    ...bytes('body', answer.body, expect.body),
    ...Object.entries(expect.headers ?? {}).flatMap(([name, pattern]) =>
      pattern.test(answer.headers[name] ?? '') ? [] : [`header ${name} is ${answer.headers[name]}`],
    ),
    ...(expect.faults?.(answer) ?? []),
  ];
}

interface Problem {
  readonly code?: string;
  readonly errors?: readonly { readonly path: string }[];
}

function parseProblem(body: Buffer): Problem {
  try {
    return (JSON.parse(String(body)) as Problem | null) ?? {};
  } catch {
    return {};
  }
}

function same<T>(what: string, found: T, expected: T | undefined): readonly string[] {
  return expected === undefined || found === expected ? [] : [`${what} ${String(found)}, expected ${String(expected)}`];
}

function oneOf(
  what: string,
  found: number | null,
  expected: number | readonly number[] | undefined,
): readonly string[] {
  if (expected === undefined) return [];
  const all = typeof expected === 'number' ? [expected] : expected;
  return found !== null && all.includes(found) ? [] : [`${what} ${found}, expected ${all.join(' or ')}`];
}

function bytes(what: string, found: Buffer, expected: BytesExpectation | undefined): readonly string[] {
  if (expected === undefined) return [];
  if (expected instanceof RegExp) {
    return expected.test(String(found)) ? [] : [`${what} ${shown(found)} does not match ${expected}`];
  }
  const wanted = Buffer.from(expected);
  return found.equals(wanted) ? [] : [`${what} ${shown(found)}, expected ${shown(wanted)}`];
}

function error(found: string | null, expected: RegExp | null | undefined): readonly string[] {
  if (expected === undefined) return [];
  const isRight = expected === null ? found === null : found !== null && expected.test(found);
  return isRight ? [] : [`error ${JSON.stringify(found)}, expected ${expected}`];
}

function range(what: string, found: number | null, expected: Range | undefined): readonly string[] {
  if (expected === undefined) return [];
  const { min = -Infinity, max = Infinity } = expected;
  return found !== null && found >= min && found <= max ? [] : [`${what} ${found}, expected ${min} to ${max}`];
}

/** Quoted, so that control characters of a hostile program reach no terminal. */
function shown(content: Buffer): string {
  const text = JSON.stringify(content.subarray(0, SHOWN_BYTES).toString());
  return content.length > SHOWN_BYTES ? `${text}… (${content.length} bytes)` : text;
}

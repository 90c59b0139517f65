import { deepStrictEqual } from 'node:assert';
import { expect, test } from 'vitest';
import { programsOf } from '../programs/index.ts';
import { FLOOD_LINE } from '../programs/programs.ts';
import type { Client, WireLanguage } from './client.ts';
import type { TestServer } from './server.ts';

const MIB = 1024 * 1024;
const OUTPUT_CAP = 4 * MIB;
/** Short, so that a hostile program ends soon; the reaction must not depend on the length. */
const SHORT = { cpuTimeMs: 500, wallTimeMs: 3000 };

/** Whatever a program did, the next job of somebody else is fine. */
export async function expectNextJobFine({ client }: TestServer, language: string, code: string): Promise<void> {
  const { verdict, stdoutPreview } = await client.run({ language, code });
  deepStrictEqual({ verdict, stdoutPreview }, { verdict: 'ok', stdoutPreview: 'fine\n' }, 'the next job');
}

/** Every behaviour of one language: friendly programs get their answers, hostile ones their verdicts. */
export function testLanguage(language: string, serverNow: () => TestServer): void {
  const programs = programsOf(language);
  const client = (): Client => serverNow().client;

  test('the sample', async () => {
    const { sample } = await client().get<WireLanguage>(`/languages/${language}`);
    const job = await client().run({ language, code: sample.code, input: sample.input });
    expect(job).toMatchObject({ status: 'completed', verdict: 'ok', exitCode: 0, error: null });
    expect((await client().outputOf(job.executionId)).toString()).toBe(sample.output);
  });

  test('stdin, byte for byte', async () => {
    const input = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7) % 256));
    const request = {
      language,
      code: programs.echo,
      input: input.toString('base64'),
      inputEncoding: 'base64',
    } as const;
    const job = await client().run(request);
    expect(job.verdict).toBe('ok');
    expect((await client().outputOf(job.executionId)).equals(input)).toBe(true);
  });

  test('arguments, and odd bytes in the output', async () => {
    const args = ['plain', 'two words', 'ünïcødé ☃', '-x', '$(id)', "it's", ''];
    const job = await client().run({ language, code: programs.argumentsAndBytes, args });
    const expected = Buffer.concat([
      Buffer.from("plain\ntwo words\nünïcødé ☃\n-x\n$(id)\nit's\n\n"),
      Buffer.from([0x00, 0xff, 0x80, 0x0a]),
    ]);
    expect(job.verdict).toBe('ok');
    expect(await client().outputOf(job.executionId)).toEqual(expected);
  });

  test('a non-zero exit', async () => {
    const job = await client().run({ language, code: programs.exitSeven });
    expect(job).toMatchObject({
      status: 'failed',
      verdict: 'runtime_error',
      step: 'run',
      exitCode: 7,
      signal: null,
      error: 'why\n',
      stdoutPreview: 'before\n',
      stderrPreview: 'why\n',
    });
  });

  test('a signal', async () => {
    const { code, name } = programs.signal;
    const job = await client().run({ language, code });
    expect(job).toMatchObject({ status: 'failed', verdict: 'signalled', exitCode: null, signal: name });
  });

  test('no program of the language', async () => {
    const { code, verdict, says } = programs.broken;
    const job = await client().run({ language, code });
    expect(job).toMatchObject({ status: 'failed', verdict, step: verdict === 'compile_error' ? 'compile' : 'run' });
    expect(plainQuotes(job.error)).toContain(says);
    // What an interpreter says comes from the run; a compiler's words are kept whole as well.
    expect(plainQuotes(job.compile?.output ?? job.stderrPreview)).toContain(says);
  });

  test('an endless loop', async () => {
    const job = await client().run({ language, code: programs.loop, limits: SHORT });
    expect(job).toMatchObject({ status: 'timeout', verdict: 'time_limit', step: 'run', exitCode: null });
    expect(job.cpuTimeMs).toBeGreaterThanOrEqual(500);
    expect(job.cpuTimeMs).toBeLessThan(700);
  });

  test('a memory hog', async () => {
    const memoryBytes = 160 * MIB;
    const job = await client().run({ language, code: programs.memory, limits: { memoryBytes } });
    expect(job).toMatchObject({ status: 'failed', verdict: 'memory_limit', step: 'run' });
    expect(job.memoryBytes).toBeGreaterThan(0.9 * memoryBytes);
  });

  test('100 MB of output', async () => {
    const job = await client().run({ language, code: programs.flood });
    expect(job).toMatchObject({
      status: 'failed',
      verdict: 'output_limit',
      outputBytes: OUTPUT_CAP,
      truncated: true,
      stdoutPreview: FLOOD_LINE.repeat(8).slice(0, 500),
    });
    const kept = await client().outputOf(job.executionId);
    expect(kept.equals(Buffer.from(FLOOD_LINE.repeat(OUTPUT_CAP / FLOOD_LINE.length)))).toBe(true);
  });

  test('a fork bomb', async () => {
    const { code, verdicts } = programs.forkBomb;
    const job = await client().run({ language, code, limits: SHORT });
    expect(verdicts).toContain(job.verdict);
  });

  test('a daemon left behind', async () => {
    const job = await client().run({ language, code: programs.daemon });
    expect(job).toMatchObject({ status: 'completed', verdict: 'ok', stdoutPreview: 'left\n' });
    expect(job.wallTimeMs).toBeLessThan(3000);
  });

  test('the network', async () => {
    const job = await client().run({ language, code: programs.network });
    expect(job).toMatchObject({ verdict: 'ok', stdoutPreview: 'no network\n' });
  });

  test('/etc/shadow', async () => {
    const job = await client().run({ language, code: programs.shadow });
    expect(job).toMatchObject({ verdict: 'ok', stdoutPreview: 'denied\n' });
  });

  test.each(Object.entries(programs.ownNames ?? {}))('a name of ours: %s', async (_name, code) => {
    const job = await client().run({ language, code });
    expect(job).toMatchObject({ verdict: 'ok', error: null, stdoutPreview: 'mine\n' });
  });

  const { unknownName } = programs;
  test.runIf(unknownName)('a name of ours is no name to the compiler', async () => {
    const job = await client().run({ language, code: unknownName?.code ?? '' });
    expect(job).toMatchObject({ verdict: 'compile_error', step: 'compile' });
    expect(job.error).toContain(unknownName?.says);
  });
}

/** Compilers choose their quotes by the locale. */
function plainQuotes(text: string | null): string {
  return (text ?? '').replaceAll(/[‘’]/g, "'");
}

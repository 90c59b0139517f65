import { PassThrough, Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { followProgress } from './image-progress.ts';

async function follow(answer: Readable, deadlineMs = 1000): Promise<string[]> {
  const lines: string[] = [];
  await followProgress('build', answer, deadlineMs, (line) => void lines.push(line));
  return lines;
}

describe('followProgress', () => {
  test('reads lines under any chunking', async () => {
    const text = '{"stream":"Step 1/2\\n"}\n{"status":"gr\u00fc\u00df"}\n\n{"aux":{}}\nno json\n{"stream":"done"}';
    const bytes = Buffer.from(text);
    const chunks = Array.from(bytes, (byte) => Buffer.from([byte]));
    expect(await follow(Readable.from(chunks, { objectMode: false }))).toEqual(['Step 1/2', 'gr\u00fc\u00df', 'done']);
  });

  test('an error of the engine ends it, with the words before', async () => {
    const answer = Readable.from(['{"stream":"E: no package"}\n{"error":"returned a non-zero code: 100"}\n']);
    await expect(follow(answer)).rejects.toThrow('build: E: no package\nreturned a non-zero code: 100');
  });

  test('an answer that breaks off is an error', async () => {
    const answer = new PassThrough();
    const following = follow(answer);
    answer.write('{"stream":"Step 1/2"}\n');
    setImmediate(() => answer.destroy());
    await expect(following).rejects.toThrow(/^build: /);
  });

  test('an answer that never ends meets the deadline', async () => {
    const answer = new PassThrough();
    await expect(follow(answer, 20)).rejects.toThrow('build: no answer within 20 ms');
    expect(answer.destroyed).toBe(true);
  });
});

import type { Readable } from 'node:stream';
import { EngineError, withDeadline } from './deadline.ts';

const KEPT_LINES = 8;
const MAX_DETAIL = 2000;

/** One line of the engine's answer to a build or an import. */
interface ProgressLine {
  readonly stream?: string;
  readonly status?: string;
  readonly error?: string;
}

/**
 * Reads the engine's answer to a build or an import to its end. An error comes as a line of it, under a status of 200.
 * Throws EngineError for that, at the deadline, and when the answer breaks off.
 */
export async function followProgress(
  what: string,
  answer: Readable,
  deadlineMs: number,
  onLine: (line: string) => void,
): Promise<void> {
  const lastWords: string[] = [];
  const read = async (): Promise<void> => {
    for await (const { stream, status, error } of readLines(answer)) {
      if (error !== undefined)
        throw new EngineError(what, { detail: [...lastWords, error].join('\n').slice(-MAX_DETAIL) });
      const words = (stream ?? status ?? '').trim();
      if (words === '') continue;
      onLine(words);
      lastWords.push(words);
      if (lastWords.length > KEPT_LINES) lastWords.shift();
    }
  };
  try {
    await withDeadline(what, deadlineMs, read);
  } finally {
    answer.destroy();
  }
}

/** Throws when the stream breaks off. What is no JSON says nothing. */
async function* readLines(answer: Readable): AsyncGenerator<ProgressLine> {
  let open = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    const lines = (open + String(chunk)).split('\n');
    open = lines.pop() ?? '';
    for (const line of lines) yield parseLine(line);
  }
  yield parseLine(open);
}

function parseLine(text: string): ProgressLine {
  try {
    return JSON.parse(text) as ProgressLine;
  } catch {
    return {};
  }
}

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { EngineError, withDeadline } from './deadline.ts';

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
    for await (const text of createInterface({ input: answer })) {
      const line = parseLine(text);
      if (line.error !== undefined)
        throw new EngineError(what, { detail: [...lastWords, line.error].join('\n').slice(-MAX_DETAIL) });
      const words = (line.stream ?? line.status ?? '').trim();
      if (words === '') continue;
      onLine(words);
      lastWords.push(words);
      if (lastWords.length > KEPT_LINES) lastWords.shift();
    }
    if (!answer.readableEnded || answer.errored !== null)
      throw new EngineError(what, { detail: 'the engine broke off' });
  };
  try {
    await withDeadline(what, deadlineMs, read);
  } finally {
    answer.destroy();
  }
}

const KEPT_LINES = 8;
const MAX_DETAIL = 2000;

function parseLine(text: string): ProgressLine {
  try {
    return JSON.parse(text) as ProgressLine;
  } catch {
    return {};
  }
}

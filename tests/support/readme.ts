import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface ReadmeCommand {
  readonly command: string;
  /** What the README says it prints; empty when it says nothing. */
  readonly expected: string;
}

const README = path.resolve(import.meta.dirname, '../../README.md');

/** The commands of all `console` blocks, in order: lines that begin with `$`, each with the lines that follow it. */
export function readmeCommands(): ReadmeCommand[] {
  const blocks = [...readFileSync(README, 'utf8').matchAll(/^```console\n(.*?)^```$/gms)];
  return blocks.flatMap(([, block = '']) =>
    block
      .split(/^\$ /m)
      .filter((part) => part.trim() !== '')
      .map((part) => {
        const [command = '', ...expected] = part.trimEnd().split('\n');
        return { command, expected: expected.join('\n') };
      }),
  );
}

/**
 * Where `printed` differs from what the README shows, as sentences: JSON by value, other text exactly. In both `…` stands for
 * any text, and a JSON key `…` for further fields.
 */
export function differences(expected: string, printed: string): string[] {
  if (!expected.startsWith('{')) return textMatches(expected, printed.trimEnd()) ? [] : [`printed ${printed}`];
  return jsonDifferences(JSON.parse(expected), JSON.parse(printed), '');
}

function jsonDifferences(expected: unknown, actual: unknown, at: string): string[] {
  if (typeof expected === 'string' && typeof actual === 'string' && textMatches(expected, actual)) return [];
  if (Array.isArray(expected) && Array.isArray(actual) && expected.length === actual.length) {
    return expected.flatMap((item, index) => jsonDifferences(item, actual[index], `${at}/${index}`));
  }
  if (isRecord(expected) && isRecord(actual)) {
    const named = Object.keys(expected).filter((key) => key !== '…');
    const unnamed = '…' in expected ? [] : Object.keys(actual).filter((key) => !named.includes(key));
    return [
      ...named.flatMap((key) => jsonDifferences(expected[key], actual[key], `${at}/${key}`)),
      ...unnamed.map((key) => `${at}/${key} is not in the README`),
    ];
  }
  if (Object.is(expected, actual)) return [];
  return [`${at} is ${JSON.stringify(actual)} and not ${JSON.stringify(expected)}`];
}

function textMatches(expected: string, actual: string): boolean {
  const pattern = expected
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('.*');
  return new RegExp(`^${pattern}$`, 's').test(actual);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

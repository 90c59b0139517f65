import { readFileSync } from 'node:fs';
import path from 'node:path';

export interface ReadmeStep {
  readonly command: string;
  /** The answer that README shows; empty when it shows none. */
  readonly answer: string;
}

/** The commands of all `console` blocks in order, each with the answer below it. */
export function readmeSteps(): readonly ReadmeStep[] {
  const text = readFileSync(path.resolve(import.meta.dirname, '../../README.md'), 'utf8');
  const steps: ReadmeStep[] = [];
  for (const [, block = ''] of text.matchAll(/```console\n([\s\S]*?)```/g)) {
    for (const part of block.split(/^\$ /m).slice(1)) {
      const [command = '', ...answer] = part.trimEnd().split('\n');
      steps.push({ command, answer: answer.join('\n') });
    }
  }
  return steps;
}

/** Where an answer differs from what README shows of it; `…` stands for any text, and as a key for fields left out. */
export function differences(shown: unknown, real: unknown, where = ''): readonly string[] {
  if (typeof shown === 'string' && typeof real === 'string' && matches(shown, real)) return [];
  if (!isObject(shown) || !isObject(real)) {
    return Object.is(shown, real) ? [] : [`${where}: shown ${JSON.stringify(shown)}, real ${JSON.stringify(real)}`];
  }
  const isWhole = !('…' in shown);
  const left = isWhole ? Object.keys(real).filter((key) => !(key in shown)) : [];
  return [
    ...left.map((key) => `${where}/${key}: not shown`),
    ...Object.keys(shown)
      .filter((key) => key !== '…')
      .flatMap((key) => differences(shown[key], real[key], `${where}/${key}`)),
  ];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function matches(shown: string, real: string): boolean {
  const parts = shown.split('…');
  if (parts.length === 1) return shown === real;
  return real.startsWith(parts[0] as string) && real.endsWith(parts.at(-1) as string);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { LauncherName } from '../case.ts';
import type { CanaryRecord } from './canary.ts';
import type { CaseResult } from './case-result.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../docs/security');
const MIB = 1024 * 1024;

interface SectionResults {
  readonly number: string;
  readonly title: string;
  readonly results: readonly CaseResult[];
}

export interface Report {
  readonly launcher: LauncherName;
  /** What `/version` says of kernel, engine and runtime, as lines. */
  readonly facts: readonly string[];
  readonly idle: CanaryRecord;
  readonly sections: readonly SectionResults[];
}

export function writeReport(report: Report): void {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(path.join(FOLDER, `abuse-results-${report.launcher}.md`), toMarkdown(report));
}

function toMarkdown({ launcher, facts, idle, sections }: Report): string {
  const all = sections.flatMap(({ results }) => results);
  const count = (outcome: CaseResult['outcome']): number => all.filter((result) => result.outcome === outcome).length;
  const sum = (of: (result: CaseResult) => number): number => all.reduce((total, result) => total + of(result), 0);
  const lines = [
    `# Abuse suite: ${launcher}`,
    '',
    'Written by `npm run test:abuse`. What each case does is in `tests/abuse/cases`; what the columns mean is below the totals.',
    '',
    ...facts.map((fact) => `- ${fact}`),
    '',
    '| cases run | as expected | deviating by decision | wrong | cannot run here | internal errors | wrong answers to the canary |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    row([
      all.length - count('cannot run'),
      count('as expected'),
      count('deviating'),
      count('wrong'),
      count('cannot run'),
      sum(({ internalErrors }) => internalErrors),
      sum(({ canary }) => canary?.wrong.length ?? 0),
    ]),
    '',
    `The canary is a second tenant whose hello is submitted every 200 ms; idle it takes p50 ${idle.p50Ms} ms, p95 ${idle.p95Ms} ms.`,
    'Its column shows its p95 during the case as a multiple of idle, and how often it sang. `kill` is the time from the limit that',
    'the verdict names to the end of the step, for a memory or output limit the whole step; the largest of the jobs of the case. `gone`',
    "is the time until no container, control group, process or mount of it was left, `server` how far the server's memory rose.",
    '',
    ...sections.filter(({ results }) => results.length > 0).flatMap((section) => sectionLines(section, idle)),
  ];
  return `${lines.join('\n').trimEnd()}\n`;
}

function sectionLines({ number, title, results }: SectionResults, idle: CanaryRecord): readonly string[] {
  return [
    `## ${number} ${title}`,
    '',
    '| id | case | expected | outcome | got | kill | canary | gone | server | notes |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    ...results.map((result) =>
      row([
        result.id,
        result.title,
        result.expected,
        result.outcome === 'as expected' ? 'yes' : `**${result.outcome}**`,
        result.got,
        milliseconds(result.killMs),
        result.canary === null ? '–' : `× ${times(result.canary.p95Ms, idle.p95Ms)} of ${result.canary.songs}`,
        milliseconds(result.goneMs),
        result.serverRssGrowthBytes === null ? '–' : `${(result.serverRssGrowthBytes / MIB).toFixed(0)} MiB`,
        [...result.notes, ...result.faults.map((fault) => `WRONG: ${fault}`)].join('; '),
      ]),
    ),
    '',
  ];
}

function times(value: number, base: number): string {
  return (value / Math.max(1, base)).toFixed(1);
}

function milliseconds(value: number | null): string {
  return value === null ? '–' : `${value} ms`;
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => inert(String(cell))).join(' | ')} |`;
}

/** Control characters, table marks and HTML of hostile programs mean nothing in the report. */
function inert(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').replaceAll(/[|<>\\]/g, String.raw`\$&`);
}

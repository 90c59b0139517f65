import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { FaultReport } from './rounds.ts';

const COLUMNS = ['fault', 'planted', 'jobs', 'reRuns', 'lost', 'double', 'internalErrors'] as const;

/** Vitest's global set-up of the suite: at its end the rows of all files are printed as one table, and written to RUNYARD_FAULT_REPORT. */
export function setup(): () => void {
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-fault-rows-'));
  const rowsFile = path.join(folder, 'rows');
  writeFileSync(rowsFile, '');
  process.env['RUNYARD_FAULT_ROWS'] = rowsFile;
  return () => {
    const lines = readFileSync(rowsFile, 'utf8').trim();
    rmSync(folder, { recursive: true, force: true });
    if (lines === '') return;
    const table = tableOf(lines.split('\n').map((line) => JSON.parse(line) as FaultReport));
    process.stdout.write(`\n${table}`);
    const file = process.env['RUNYARD_FAULT_REPORT'];
    if (file !== undefined) writeFileSync(file, table);
  };
}

/** Markdown. */
function tableOf(rows: readonly FaultReport[]): string {
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...rows.map((row) => COLUMNS.map((column) => row[column]))];
  return lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

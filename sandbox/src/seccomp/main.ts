import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { filterTable } from './filter-table.ts';

/* Writes the table of the supervisor anew, after a change of the policy. */
writeFileSync(path.resolve(import.meta.dirname, '../../supervisor/filter-table.h'), filterTable());

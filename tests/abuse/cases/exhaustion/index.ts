import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { CPU_CASES } from './cpu.ts';
import { FILE_CASES } from './files.ts';
import { MEMORY_CASES } from './memory.ts';
import { OUTPUT_FLOOD_CASES } from './output.ts';
import { PROCESS_CASES } from './processes.ts';
import { QUOTA_CASES } from './quotas.ts';

export const EXHAUSTION_CASES: readonly AbuseCase[] = byNumber([
  ...PROCESS_CASES,
  ...MEMORY_CASES,
  ...FILE_CASES,
  ...CPU_CASES,
  ...OUTPUT_FLOOD_CASES,
  ...QUOTA_CASES,
]);

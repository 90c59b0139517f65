import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { KERNEL_CASES } from './kernel.ts';
import { NEIGHBOURHOOD_CASES } from './neighbourhood.ts';
import { PRIVILEGE_CASES } from './privilege.ts';
import { PROBE_CASES } from './probe.ts';

export const ESCAPE_CASES: readonly AbuseCase[] = byNumber([
  ...PROBE_CASES,
  ...PRIVILEGE_CASES,
  ...NEIGHBOURHOOD_CASES,
  ...KERNEL_CASES,
]);

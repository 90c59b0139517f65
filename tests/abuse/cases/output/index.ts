import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { BYTES_CASES } from './bytes.ts';
import { INERT_CASES } from './inert.ts';

export const OUTPUT_CASES: readonly AbuseCase[] = byNumber([...BYTES_CASES, ...INERT_CASES]);

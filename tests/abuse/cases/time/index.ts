import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { LIFE_CYCLE_CASES } from './life-cycle.ts';
import { LIMIT_CASES } from './limits.ts';

export const TIME_CASES: readonly AbuseCase[] = byNumber([...LIFE_CYCLE_CASES, ...LIMIT_CASES]);

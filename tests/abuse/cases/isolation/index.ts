import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { ENVIRONMENT_CASES } from './environment.ts';
import { LEFTOVER_CASES } from './leftovers.ts';
import { SECRET_CASES } from './secrets.ts';
import { TOGETHER_CASES } from './together.ts';

export const ISOLATION_CASES: readonly AbuseCase[] = byNumber([
  ...ENVIRONMENT_CASES,
  ...LEFTOVER_CASES,
  ...TOGETHER_CASES,
  ...SECRET_CASES,
]);

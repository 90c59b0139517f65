import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { INPUT_CASES } from './input.ts';

export const STDIN_CASES: readonly AbuseCase[] = byNumber([...INPUT_CASES]);

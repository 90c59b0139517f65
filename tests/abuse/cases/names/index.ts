import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { REQUEST_NAME_CASES } from './requests.ts';
import { WORK_DIR_CASES } from './work-dir.ts';

export const NAMES_CASES: readonly AbuseCase[] = byNumber([...REQUEST_NAME_CASES, ...WORK_DIR_CASES]);

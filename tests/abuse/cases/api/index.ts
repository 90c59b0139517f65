import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { BODY_CASES } from './bodies.ts';
import { CALLBACK_CASES } from './callbacks.ts';
import { ID_CASES } from './ids.ts';
import { JSON_CASES } from './json.ts';
import { KEY_CASES } from './keys.ts';
import { LOAD_CASES } from './load.ts';
import { TEXT_CASES } from './texts.ts';

export const API_CASES: readonly AbuseCase[] = byNumber([
  ...BODY_CASES,
  ...CALLBACK_CASES,
  ...ID_CASES,
  ...JSON_CASES,
  ...KEY_CASES,
  ...LOAD_CASES,
  ...TEXT_CASES,
]);

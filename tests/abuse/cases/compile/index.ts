import type { AbuseCase } from '../../case.ts';
import { byNumber } from '../by-number.ts';
import { FLAG_CASES } from './flags.ts';
import { GCC_BOMB_CASES } from './gcc-bombs.ts';
import { GCC_INPUT_CASES } from './gcc-inputs.ts';
import { GO_CASES } from './go.ts';
import { HAND_OVER_CASES } from './hand-over.ts';
import { INTERPRETER_CASES } from './interpreters.ts';
import { JAVA_CASES } from './java.ts';
import { RUST_CASES } from './rust.ts';
import { TYPESCRIPT_CASES } from './typescript.ts';

export const COMPILE_CASES: readonly AbuseCase[] = byNumber([
  ...FLAG_CASES,
  ...GCC_BOMB_CASES,
  ...GCC_INPUT_CASES,
  ...GO_CASES,
  ...HAND_OVER_CASES,
  ...INTERPRETER_CASES,
  ...JAVA_CASES,
  ...RUST_CASES,
  ...TYPESCRIPT_CASES,
]);

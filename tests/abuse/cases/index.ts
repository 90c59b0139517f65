import type { AbuseCase } from '../case.ts';
import { API_CASES } from './api/index.ts';
import { COMPILE_CASES } from './compile/index.ts';
import { ESCAPE_CASES } from './escape/index.ts';
import { EXHAUSTION_CASES } from './exhaustion/index.ts';
import { ISOLATION_CASES } from './isolation/index.ts';
import { NAMES_CASES } from './names/index.ts';
import { OUTPUT_CASES } from './output/index.ts';
import { STDIN_CASES } from './stdin/index.ts';
import { TIME_CASES } from './time/index.ts';

export interface Section {
  readonly number: string;
  readonly title: string;
  readonly cases: readonly AbuseCase[];
}

/** In the order of the report. A folder here is a section there. */
export const SECTIONS: readonly Section[] = [
  { number: '5.1', title: 'Resource exhaustion', cases: EXHAUSTION_CASES },
  { number: '5.2', title: 'Escape and privilege', cases: ESCAPE_CASES },
  { number: '5.3', title: 'Information leaks and isolation between jobs', cases: ISOLATION_CASES },
  { number: '5.4', title: 'Output', cases: OUTPUT_CASES },
  { number: '5.5', title: 'Names and paths', cases: NAMES_CASES },
  { number: '5.6', title: 'Time and life cycle', cases: TIME_CASES },
  { number: '5.7', title: 'Standard input', cases: STDIN_CASES },
  { number: '5.8', title: 'Compile time', cases: COMPILE_CASES },
  { number: '5.9', title: 'API', cases: API_CASES },
];

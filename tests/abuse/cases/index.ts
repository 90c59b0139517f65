import type { AbuseCase } from '../case.ts';
import { BODY_CASES } from './api/bodies.ts';
import { ESCAPE_CASES } from './escape/index.ts';
import { EXHAUSTION_CASES } from './exhaustion/index.ts';
import { ISOLATION_CASES } from './isolation/index.ts';

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
  { number: '5.4', title: 'Output', cases: [] },
  { number: '5.5', title: 'Names and paths', cases: [] },
  { number: '5.6', title: 'Time and life cycle', cases: [] },
  { number: '5.7', title: 'Standard input', cases: [] },
  { number: '5.8', title: 'Compile time', cases: [] },
  { number: '5.9', title: 'API', cases: [...BODY_CASES] },
];

import type { AbuseCase } from '../../case.ts';
import { cMain } from '../../programs.ts';

export const PROCESS_CASES: readonly AbuseCase[] = [
  {
    id: 'R1',
    title: 'C: fork in a loop, SIGCHLD ignored',
    tags: ['fast', 'full'],
    expected: 'a time limit, killed soon after it',
    acts: [
      {
        job: cMain('signal(SIGCHLD, SIG_IGN); for (;;) fork();'),
        expect: { verdicts: ['wall_time_limit', 'time_limit'], step: 'run', killWithinMs: 3000 },
      },
    ],
  },
];

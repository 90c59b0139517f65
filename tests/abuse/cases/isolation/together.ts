import type { AbuseCase } from '../../case.ts';
import { cMain } from '../../programs.ts';

const LOCK = 'puts(flock(open("/usr/bin/env", 0), LOCK_EX | LOCK_NB) == 0 ? "locked" : "busy"); sleep(1);';

/** Two jobs at once, and a check over both. */
export const TOGETHER_CASES: readonly AbuseCase[] = [
  {
    id: 'L4',
    title: 'locks of two simultaneous jobs on one file of the image',
    tags: ['full'],
    expected: 'neither sees the lock of the other',
    acts: [
      {
        together: [
          { name: 'one', job: cMain(LOCK), expect: { verdicts: ['ok'] } },
          { name: 'other', job: cMain(LOCK), expect: { verdicts: ['ok'] } },
        ],
      },
    ],
    checks: [
      ({ jobs }) => jobs.flatMap(({ stdout }) => (String(stdout) === 'locked\n' ? [] : ['sees the other lock'])),
    ],
  },
];

import type { AbuseCase } from '../../case.ts';
import { bash } from '../../programs.ts';

/** Several acts: one job after the other. */
export const LEFTOVER_CASES: readonly AbuseCase[] = [
  {
    id: 'L3',
    title: 'files left for the next job',
    tags: ['fast', 'full'],
    expected: 'the next job finds nothing',
    acts: [
      { name: 'leaves', job: bash('echo secret | tee /box/f /tmp/f > /dev/shm/f'), expect: { verdicts: ['ok'] } },
      {
        name: 'looks',
        job: bash('ls -A /tmp /dev/shm'),
        expect: { verdicts: ['ok'], stdout: '/dev/shm:\n\n/tmp:\n' },
      },
    ],
  },
];

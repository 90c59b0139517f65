import { describe, expect, test } from 'vitest';
import { parseFirstLine } from './first-line.ts';

describe('parseFirstLine', () => {
  test('ready brings facts as text', () => {
    const line = 'ready {"cgroup":"v1","firstUid":200064,"uids":64}';
    expect(parseFirstLine(line)).toEqual({ kind: 'ready', facts: { cgroup: 'v1', firstUid: '200064', uids: '64' } });
  });

  test('refused brings the sentence as it is', () => {
    const line = 'refused cannot enforce limits: no cgroup v1 hierarchy is mounted for pids';
    const sentence = 'cannot enforce limits: no cgroup v1 hierarchy is mounted for pids';
    expect(parseFirstLine(line)).toEqual({ kind: 'refused', sentence });
  });

  test.each(['', 'ready', 'ready {', 'ready []', 'ready null', 'refused', 'refused ', 'READY {}', ' ready {}'])(
    '%j is nonsense',
    (line) => {
      expect(parseFirstLine(line)).toEqual({ kind: 'nonsense' });
    },
  );
});

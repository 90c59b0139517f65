import { expect, test } from 'vitest';
import { advisedLine, checkHost, startupRefusal } from './check-host.ts';
import { judge } from './judge.ts';
import { hostReportText } from './report-text.ts';
import { STRONG } from './testing/strong-host.ts';

const WEAK = { ...STRONG, memory: { ...STRONG.memory, swapBytes: 1024 ** 3, ksm: '1' } };
const BROKEN = { ...WEAK, users: { inRange: ['alice (200001)'], subordinate: [] } };

test('a strong host is neither refused nor advised', () => {
  const report = judge(STRONG, false);
  expect([startupRefusal(report), advisedLine(report)]).toEqual([null, null]);
});

test('advice is one line, without what is refused', () => {
  const line = 'this host could be stronger: swap, ksm; npm run doctor says how';
  expect(advisedLine(judge(WEAK, false))).toBe(line);
  expect(advisedLine(judge(BROKEN, false))).toBe(line);
});

test('a refusal names what was found, why it matters and the fix', () => {
  expect(startupRefusal(judge(BROKEN, false))).toBe(
    [
      'This host does not have what sandboxes need.',
      'uid-range: used by alice (200001). A host user with a job’s uid shares kernel quotas with it and owns what it writes.',
      '  Give those users another uid; 200000 to 209999 are Runyard’s.',
      'npm run doctor tells more.',
    ].join('\n'),
  );
});

test('the report for a person has the worst first', () => {
  const titles = hostReportText(judge(BROKEN, false)).match(/^\S.*$/gm);
  expect(titles).toEqual(['Missing', 'Weak', 'Strong']);
  expect(hostReportText(judge(BROKEN, false))).toContain(
    'uid-range: used by alice (200001) (required: no job is taken)',
  );
});

test('without the files of a kernel nothing is thrown and nothing is assumed', async () => {
  const files = { text: () => null, bytes: () => null, names: () => [], exists: () => false };
  const { findings } = await checkHost({ launcher: 'native', files });
  expect(findings.find(({ id }) => id === 'swap')).toMatchObject({ status: 'unknown' });
  expect(findings.find(({ id }) => id === 'cgroup-controllers')).toMatchObject({ status: 'missing' });
});

test('an engine that does not answer is no finding', async () => {
  const { findings } = await checkHost({ launcher: 'docker', dockerSocket: '/nonexistent.sock' });
  expect(findings.map(({ id }) => id)).not.toContain('runtime-version');
});

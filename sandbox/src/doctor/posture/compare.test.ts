import { describe, expect, test } from 'vitest';
import { comparePosture, differenceText } from './compare.ts';
import { observeMounts } from './observe-mounts.ts';

const GOLDEN = {
  'step.CapEff': '0000000000000000',
  'step.label': '*',
  'cgroup.processes': ['33', '34'],
  'mount./proc/keys': 'cover ro',
};

/** As text, with a kernel that has these files. */
function differences(found: Record<string, string>, ...hostFiles: string[]): readonly string[] {
  return comparePosture(GOLDEN, found, (path) => hostFiles.includes(path)).map(differenceText);
}

const GOOD = {
  'step.CapEff': '0000000000000000',
  'step.label': 'docker-default (enforce)',
  'cgroup.processes': '34',
  'mount./proc/keys': 'cover ro',
};

describe('comparePosture', () => {
  test('what was reviewed, one of several values, and what the host decides', () => {
    expect(differences(GOOD, '/proc/keys')).toEqual([]);
  });

  test('names what is otherwise', () => {
    expect(differences({ ...GOOD, 'step.CapEff': '00000000a80425fb' })).toEqual([
      'step.CapEff: 00000000a80425fb instead of 0000000000000000',
    ]);
    expect(differences({ ...GOOD, 'cgroup.processes': 'max' })).toEqual(['cgroup.processes: max instead of 33 or 34']);
  });

  test('names what is more than was reviewed', () => {
    expect(differences({ ...GOOD, 'mount./host': 'ext4 rw' })).toEqual([
      'mount./host: ext4 rw, which is in no reviewed place',
    ]);
  });

  test('a cover may be missing only where the kernel has no such file', () => {
    const { 'mount./proc/keys': _, ...uncovered } = GOOD;
    expect(differences(uncovered)).toEqual([]);
    expect(differences(uncovered, '/proc/keys')).toEqual(['mount./proc/keys: missing instead of cover ro']);
  });

  test('a fact that is missing is a difference', () => {
    const { 'step.label': _, ...rest } = GOOD;
    expect(differences(rest)).toEqual(['step.label: missing instead of *']);
  });
});

function lines(...text: string[]) {
  return observeMounts(text.join('\n'));
}

describe('observeMounts', () => {
  test('flags and sizes; nothing of the host’s disk', () => {
    expect(
      lines(
        '1 0 0:40 / / ro,relatime - overlay overlay rw,lowerdir=/var/lib/x,upperdir=/var/lib/y',
        '2 1 0:41 / /box rw,nosuid,nodev,relatime - tmpfs tmpfs rw,size=65536k,nr_inodes=4096,uid=205001,inode64',
      ),
    ).toEqual({ '/': 'root ro', '/box': 'tmpfs rw,nosuid,nodev rw,size=65536k,nr_inodes=4096,uid=205001' });
  });

  test('a shared mount is told, since what is mounted in it appears on the host', () => {
    expect(lines('1 0 0:40 / /mnt rw shared:7 master:3 - ext4 /dev/vda rw')).toEqual({ '/mnt': 'disk rw,shared' });
  });

  test('all control groups are one; a cover is a cover whatever it is made of', () => {
    expect(
      lines(
        '1 0 0:40 /../.. /sys/fs/cgroup/memory ro,nosuid master:9 - cgroup cgroup rw,memory',
        '2 0 0:41 /../.. /sys/fs/cgroup/pids ro,nosuid master:9 - cgroup cgroup rw,pids',
        '3 0 0:42 /null /proc/keys rw,nosuid - devtmpfs devtmpfs rw,size=123k',
      ),
    ).toEqual({ 'control groups': 'ro,nosuid', '/proc/keys': 'cover rw,nosuid' });
  });

  test('of two mounts at one point the upper one counts', () => {
    expect(lines('1 0 0:1 / /a ro - tmpfs a ro', '2 1 0:2 / /a rw - tmpfs b rw')).toEqual({ '/a': 'tmpfs rw rw' });
  });
});

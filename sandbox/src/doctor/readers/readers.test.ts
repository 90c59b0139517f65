import { gzipSync } from 'node:zlib';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { FileReader } from './file-reader.ts';
import { hostFiles } from './file-reader.ts';
import { readCpu, readKernel, readMemory } from './kernel.ts';
import { metadataAnswers } from './metadata.ts';
import { readCgroups, readProcesses, readUsers } from './resources.ts';

/** A host of these files alone. */
function hostOf(files: Readonly<Record<string, string | Buffer>>): FileReader {
  const paths = Object.keys(files);
  return {
    text: (path) => files[path]?.toString().trim() ?? null,
    bytes: (path) => (files[path] === undefined ? null : Buffer.from(files[path])),
    names: (folder) => {
      const below = paths.filter((path) => path.startsWith(`${folder}/`));
      return [...new Set(below.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))];
    },
    exists: (path) => paths.some((known) => known === path || known.startsWith(`${path}/`)),
  };
}

describe('the kernel', () => {
  test('filters, flags and namespaces as the kernel tells them', () => {
    const facts = readKernel(
      hostOf({
        '/proc/self/status': 'Name:\tnode\nNoNewPrivs:\t0\nSeccomp:\t0\n',
        '/proc/sys/kernel/seccomp/actions_avail': 'kill_process kill_thread trap errno trace log allow\n',
        '/proc/self/ns/pid': '',
        '/proc/self/ns/net': '',
        '/proc/net/protocols': 'protocol  size\nAF_VSOCK  1 2\n',
        '/sys/devices/system/cpu/vulnerabilities/mds': 'Not affected\n',
        '/sys/devices/system/cpu/vulnerabilities/l1tf': 'Vulnerable; SMT vulnerable\n',
      }),
    );
    expect(facts).toMatchObject({
      hasSeccompFilter: true,
      hasNoNewPrivs: true,
      namespaces: ['pid', 'net'],
      hasVsock: true,
      vulnerabilities: ['l1tf'],
      corePattern: null,
    });
  });

  test('without /proc nothing is known, and nothing is assumed', () => {
    expect(readKernel(hostOf({}))).toMatchObject({
      hasSeccompFilter: null,
      hasNoNewPrivs: null,
      hasVsock: null,
      vulnerabilities: null,
    });
    expect(readMemory(hostOf({}))).toEqual({
      totalBytes: null,
      swapBytes: null,
      ksm: null,
      overcommit: null,
      hugePages: null,
    });
  });

  test('memory in bytes, and the chosen word of a list', () => {
    const files = hostOf({
      '/proc/meminfo': 'MemTotal:       16384 kB\nSwapTotal:          4 kB\n',
      '/sys/kernel/mm/transparent_hugepage/enabled': 'always [madvise] never\n',
    });
    expect(readMemory(files)).toEqual({
      totalBytes: 16_777_216,
      swapBytes: 4096,
      ksm: 'absent',
      overcommit: null,
      hugePages: 'madvise',
    });
  });

  test('core scheduling as the kernel was built', () => {
    const built = (line: string) => hostOf({ '/proc/config.gz': gzipSync(`CONFIG_X=y\n${line}\n`) });
    expect(readCpu(built('CONFIG_SCHED_CORE=y'), 2).hasCoreScheduling).toBe(true);
    expect(readCpu(built('# CONFIG_SCHED_CORE is not set'), 2).hasCoreScheduling).toBe(false);
    expect(readCpu(hostOf({ '/proc/config.gz': 'no gzip' }), 2).hasCoreScheduling).toBeNull();
  });
});

describe('cgroups', () => {
  test('v1 beside an empty v2 is v1', () => {
    const mountinfo = [
      '30 1 0:25 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory',
      '31 1 0:26 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct',
      '32 1 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
    ].join('\n');
    const files = hostOf({ '/proc/self/mountinfo': mountinfo, '/sys/fs/cgroup/unified/cgroup.controllers': '' });
    expect(readCgroups(files)).toEqual({ version: 'v1', controllers: ['memory', 'cpu', 'cpuacct'] });
  });

  test('v2 by what it offers', () => {
    const files = hostOf({
      '/proc/self/mountinfo': '30 1 0:25 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup rw,nsdelegate',
      '/sys/fs/cgroup/cgroup.controllers': 'cpu memory pids\n',
    });
    expect(readCgroups(files)).toEqual({ version: 'v2', controllers: ['cpu', 'memory', 'pids'] });
  });

  test('none', () => {
    expect(readCgroups(hostOf({ '/proc/self/mountinfo': '1 0 0:1 / / rw - ext4 /dev/vda rw' }))).toEqual({
      version: 'none',
      controllers: [],
    });
  });
});

test('users of the range, and subordinate ranges that meet it at either end', () => {
  const files = hostOf({
    '/etc/passwd':
      'root:x:0:0::/root:/bin/sh\na:x:199999:1::/:\nb:x:200000:1::/:\nc:x:209999:1::/:\nd:x:210000:1::/:\n',
    '/etc/subuid': 'u:100000:65536\nv:165536:65536\nw:210000:65536\nx:200000:0\n',
  });
  expect(readUsers(files)).toEqual({ inRange: ['b (200000)', 'c (209999)'], subordinate: ['v:165536:65536'] });
});

test('of several processes of a name the weakest counts; others than guards do not', () => {
  const files = hostOf({
    '/proc/7/comm': 'dockerd\n',
    '/proc/7/oom_score_adj': '-500\n',
    '/proc/8/comm': 'dockerd\n',
    '/proc/8/oom_score_adj': '0\n',
    '/proc/9/comm': 'python3\n',
    '/proc/9/oom_score_adj': '900\n',
    '/proc/self/comm': 'node\n',
    '/proc/10/comm': 'node\n',
    '/proc/10/oom_score_adj': '-900\n',
  });
  expect(readProcesses(files, 10)).toEqual({ oomScores: { dockerd: 0, runyard: -900 } });
});

test('the metadata service: something listens, or nothing does', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  expect(await metadataAnswers('127.0.0.1', port)).toBe(true);
  server.close();
  await once(server, 'close');
  expect(await metadataAnswers('127.0.0.1', port)).toBe(false);
});

test('this host can be read without an error', () => {
  expect(readMemory(hostFiles).totalBytes).toBeGreaterThan(0);
  expect(hostFiles.text('/nonexistent')).toBeNull();
});

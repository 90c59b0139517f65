import { describe, expect, test } from 'vitest';
import type { EngineHostFacts, HostFacts } from './facts.ts';
import { ALL_CHECKS, judge, refusals } from './judge.ts';
import { STRONG, STRONG_ENGINE } from './testing/strong-host.ts';

type Change = { readonly [K in keyof HostFacts]?: Partial<HostFacts[K]> };

function changed(change: Change): HostFacts {
  const parts = Object.entries(change).map(([name, part]) => {
    const strong = STRONG[name as keyof HostFacts];
    return [name, typeof part === 'object' && part !== null ? { ...(strong as object), ...part } : part];
  });
  return { ...STRONG, ...Object.fromEntries(parts) } as HostFacts;
}

function withEngine(engine: Partial<EngineHostFacts>, more: Change = {}): HostFacts {
  return { ...changed(more), launcher: 'docker', engine: { ...STRONG_ENGINE, ...engine } };
}

/** `id status: found` of everything that is not ok. */
function notOk(facts: HostFacts): readonly string[] {
  const { findings } = judge(facts, false);
  return findings.filter(({ status }) => status !== 'ok').map(({ id, status, found }) => `${id} ${status}: ${found}`);
}

describe('a host', () => {
  test('that is strong has nothing to be told', () => {
    expect(notOk(STRONG)).toEqual([]);
  });

  test.each<[string, Change]>([
    ['architecture missing: riscv64 is not supported', { architecture: 'riscv64' }],
    ['no-new-privs missing: the kernel does not show it', { kernel: { hasNoNewPrivs: false } }],
    ['no-new-privs unknown: cannot be read', { kernel: { hasNoNewPrivs: null } }],
    ['seccomp missing: the kernel has no filters', { kernel: { hasSeccompFilter: false } }],
    ['namespaces missing: no cgroup, net', { kernel: { namespaces: ['ipc', 'mnt', 'pid', 'uts'] } }],
    [
      'core-pattern weak: |/usr/lib/systemd/systemd-coredump',
      { kernel: { corePattern: '|/usr/lib/systemd/systemd-coredump' } },
    ],
    ['address-randomisation weak: 1', { kernel: { addressRandomisation: '1' } }],
    ['vsock weak: the kernel has it', { kernel: { hasVsock: true } }],
    ['clock-source weak: hpet', { kernel: { clockSource: 'hpet' } }],
    ['cpu-vulnerabilities weak: mds, l1tf', { kernel: { vulnerabilities: ['mds', 'l1tf'] } }],
    ['smt weak: on; core scheduling is there but not used', { cpu: { smtActive: '1' } }],
    ['smt weak: on', { cpu: { smtActive: '1', hasCoreScheduling: null } }],
    ['cgroup-controllers missing: no pids', { cgroups: { controllers: ['cpu', 'cpuset', 'memory'] } }],
    ['uid-range missing: used by alice (200001)', { users: { inRange: ['alice (200001)'] } }],
    [
      'uid-range missing: used by a, b, c, d, e and 2 more',
      { users: { inRange: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] } },
    ],
    ['subordinate-uids weak: overlap: bob:165536:65536', { users: { subordinate: ['bob:165536:65536'] } }],
    ['cgroup-version weak: v1 (supported by the native launcher)', { cgroups: { version: 'v1' } }],
    ['cpuset weak: no cpuset controller', { cgroups: { controllers: ['cpu', 'memory', 'pids'] } }],
    ['swap weak: 2048 MiB', { memory: { swapBytes: 2 * 1024 ** 3 } }],
    ['ksm weak: 1', { memory: { ksm: '1' } }],
    ['overcommit weak: 2', { memory: { overcommit: '2' } }],
    ['huge-pages weak: always', { memory: { hugePages: 'always' } }],
    ['memory-of-all-slots weak: 8 × 1024 MiB of 8192 MiB', { plan: { slots: 8 } }],
    ['oom-scores weak: launcher 0', { processes: { oomScores: { runyard: -900, launcher: 0 } } }],
    ['metadata-service weak: answers from here', { network: { metadataAnswers: true } }],
    ['metadata-service unknown: was not asked', { network: { metadataAnswers: null } }],
  ])('%s', (expected, change) => {
    expect(notOk(changed(change))).toEqual([expected]);
  });
});

describe('an engine', () => {
  test('that is strong has nothing to be told', () => {
    expect(notOk(withEngine({}, { plan: { isRuntimeNamed: true } }))).toEqual([]);
  });

  test.each<[string, Partial<EngineHostFacts>, Change?]>([
    [
      'runtime-version weak: crun version 1.8.1: upstream has the mount races of CVE-2025-52881 (in its own code) (unless back-ported)',
      { runtimeVersion: 'crun version 1.8.1' },
    ],
    ['runtime-version unknown: runsc: its version cannot be asked from here', { runtimeVersion: null }],
    ['default-runtime weak: the engine’s default (runc)', {}, { plan: { isRuntimeNamed: false } }],
    ['authorization-plugins weak: engine 28.5.2 with opa', { version: '28.5.2', authorizationPlugins: ['opa'] }],
    ['live-restore weak: off', { liveRestore: false }],
    ['rootless-limits missing: limits would be ignored', { isRootless: true, cgroupDriver: 'none' }],
    [
      'separation weak: started by an ordinary user, the server itself uses the engine',
      {},
      { isRoot: false, plan: { isRuntimeNamed: true } },
    ],
    ['disk-quota weak: shares the root file system', { rootHasQuota: false }],
    ['memory-of-all-slots weak: 4 × 1024 MiB of 2048 MiB', { memoryBytes: 2 * 1024 ** 3 }],
  ])('%s', (expected, engine, more) => {
    expect(notOk(withEngine(engine, { plan: { isRuntimeNamed: true }, ...more }))).toEqual([expected]);
  });

  test('runc shares the kernel, and its root is the host’s', () => {
    const facts = withEngine(
      { runtime: 'runc', runtimeVersion: 'runc version 1.3.3' },
      { plan: { isRuntimeNamed: true } },
    );
    expect(notOk(facts)).toEqual([
      'runtime-isolation weak: runc shares the host’s kernel',
      'user-namespaces weak: uid 0 inside is uid 0 of the host, less its rights',
    ]);
  });
});

function refusedIds(facts: HostFacts, isStrict: boolean): readonly string[] {
  return refusals(judge(facts, isStrict)).map(({ id }) => id);
}

describe('a start', () => {
  test('is refused for what is required', () => {
    const facts = changed({ users: { inRange: ['alice (200001)'] }, memory: { swapBytes: 1 } });
    expect(refusedIds(facts, false)).toEqual(['uid-range']);
    expect(refusedIds(facts, true)).toEqual(['uid-range', 'swap']);
  });

  test('is not refused for what cannot be seen, unless it is required and the operator is strict', () => {
    const facts = changed({ kernel: { hasSeccompFilter: null, clockSource: null } });
    expect(refusedIds(facts, false)).toEqual([]);
    expect(refusedIds(facts, true)).toEqual(['seccomp']);
  });
});

test('every check has a name of its own, a reason and a fix of one line', () => {
  expect(new Set(ALL_CHECKS.map(({ id }) => id)).size).toBe(ALL_CHECKS.length);
  for (const { why, fix } of ALL_CHECKS) expect(`${why}${fix}`).toMatch(/^[^\n]{40,400}$/);
});

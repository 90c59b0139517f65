import type { EngineHostFacts, HostFacts } from '../facts.ts';

const GIB = 1024 ** 3;

/** A host on which every check of the native launcher holds. */
export const STRONG: HostFacts = {
  platform: 'linux',
  architecture: 'x64',
  isRoot: true,
  launcher: 'native',
  kernel: {
    release: '6.12.0',
    corePattern: 'core',
    addressRandomisation: '2',
    hasSeccompFilter: true,
    hasNoNewPrivs: true,
    namespaces: ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'user', 'uts'],
    hasVsock: false,
    clockSource: 'tsc',
    vulnerabilities: [],
  },
  memory: { totalBytes: 8 * GIB, swapBytes: 0, ksm: '0', overcommit: '0', hugePages: 'madvise' },
  cgroups: { version: 'v2', controllers: ['cpuset', 'cpu', 'io', 'memory', 'pids'] },
  cpu: { cores: 4, smtActive: '0', hasCoreScheduling: true },
  users: { inRange: [], subordinate: [] },
  processes: { oomScores: { runyard: -900, launcher: -900 } },
  network: { metadataAnswers: false },
  engine: null,
  plan: { slots: 4, slotMemoryBytes: GIB, isRuntimeNamed: false, hasLauncherSocket: false },
};

export const STRONG_ENGINE: EngineHostFacts = {
  version: '29.3.1',
  defaultRuntime: 'runc',
  runtimes: ['runc', 'runsc'],
  runtime: 'runsc',
  runtimeVersion: 'runsc version release-20260801.0',
  liveRestore: true,
  isRootless: false,
  hasUsernsRemap: false,
  cgroupDriver: 'cgroupfs',
  storageDriver: 'overlay2',
  authorizationPlugins: [],
  rootHasQuota: true,
  memoryBytes: 8 * GIB,
};

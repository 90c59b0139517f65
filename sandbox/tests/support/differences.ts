import { TEST_LAUNCHER } from '../../src/testing/start-test-sandbox.ts';

/** Where the two launchers are allowed to differ: all cases, each with the reason. Everything else must be the same. */
interface Difference<N, D> {
  readonly why: string;
  readonly native: N;
  readonly docker: D;
}

export function here<N, D>(difference: Difference<N, D>): N | D {
  return difference[TEST_LAUNCHER];
}

const HIDDEN = /^(EACCES|EPERM|ENOENT|EROFS)$/;

export const DIFFERENCES = {
  seesPid1: {
    why: 'The engine mounts /proc without hidepid, so a program sees that PID 1 is there. It can neither trace nor signal it.',
    native: { status: HIDDEN, onlyOwn: 'True', least: 0 },
    docker: { status: /\nCapEff:\t00000000000000e0\n/, onlyOwn: 'False', least: 1 },
  },
  devices: {
    why: 'The engine makes its own /dev; a terminal is of no use without one to attach to.',
    native: "['fd', 'full', 'null', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'urandom', 'zero']",
    docker:
      "['fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero']",
  },
  sys: {
    why: 'The engine always mounts /sys, read-only; PID 1 reads its cgroup there.',
    native: '[]',
    docker: /^\[.*'kernel'.*\]$/,
  },
  mounts: {
    why: "The engine's overlay names its folders on the host in the table of mounts, and those of the tests' engine are ours.",
    native: '[False, False, False]',
    docker: /^\[(True|False), (True|False), (True|False)\]$/,
  },
  procFolders: {
    why: 'The engine makes four of them read-only itself, before it masks.',
    native: '[]',
    docker: '[]',
  },
  localhost: {
    why: 'The engine empties /etc/hosts of a container without network. Giving it its own `none` network instead costs 80 ms per run. 127.0.0.1 works.',
    native: { stdout: '127.0.0.1 127.0.0.1\n' },
    docker: { stdout: '127.0.0.1 Temporary failure in name resolution\n' },
  },
  processesPeak: {
    why: "The counter of the kernel cannot be restarted, and the runtime's own threads were in the cgroup before PID 1.",
    native: 4,
    docker: null,
  },
  memorySource: {
    why: 'PID 1 cannot restart the peak. Our process does it for PID 1 before each step, but what an earlier step used may still be counted then.',
    native: ['cgroup'] as readonly string[],
    docker: ['cgroup', 'rss'] as readonly string[],
  },
} as const satisfies Record<string, Difference<unknown, unknown>>;

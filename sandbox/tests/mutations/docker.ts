import type { Mutation } from './mutation.ts';

const BODY = 'sandbox/src/docker/create-body.ts';
const docker = (
  id: string,
  flag: string,
  stops: string,
  find: string,
  replace: string,
  noticedBy: Mutation['noticedBy'],
) => ({ id, flag, stops, launcher: 'docker', edits: [{ file: BODY, find, replace }], noticedBy }) as const;
const by = (file: string, test: string) => ({ file, test });
const KEYS = by('posture', 'docker');

export const DOCKER_MUTATIONS: readonly Mutation[] = [
  docker(
    'D1',
    'ReadonlyRootfs',
    'persistence, disk fill',
    'ReadonlyRootfs: true',
    'ReadonlyRootfs: false',
    by('file-limits', 'nothing else can be written'),
  ),
  docker('D2', 'CapDrop', 'the rights of root in PID 1', "CapDrop: ['ALL'],", '', KEYS),
  docker(
    'D3',
    'SecurityOpt seccomp',
    'calls before and beside our own filter',
    ', `seccomp=${SECCOMP}`',
    ', `seccomp=unconfined`',
    by('system-calls', 'calls of other architectures'),
  ),
  {
    ...docker(
      'D4',
      'NetworkMode, NetworkDisabled',
      'exfiltration, metadata (L2)',
      '',
      '',
      by('escape', 'there is none but'),
    ),
    edits: [
      { file: BODY, find: "NetworkMode: 'none'", replace: "NetworkMode: 'host'" },
      { file: BODY, find: 'NetworkDisabled: true', replace: 'NetworkDisabled: false' },
    ],
  },
  docker('D5', 'Tmpfs size', 'memory fill', 'size=${SCRATCH.boxMiB}m,', '', by('file-limits', 'bytes')),
  docker(
    'D6',
    'Tmpfs nr_inodes',
    'files without content',
    'size=${SCRATCH.boxMiB}m,nr_inodes=${SCRATCH.inodes}',
    'size=${SCRATCH.boxMiB}m',
    by('file-limits', '100 000 files'),
  ),
  docker(
    'D7',
    'Tmpfs noexec',
    'staging',
    "'/tmp': `rw,noexec,",
    "'/tmp': `rw,exec,",
    by('escape', '/tmp and /dev/shm start no program'),
  ),
  {
    ...docker('D8', 'non-dumpable PID 1', 'its memory and descriptors (F7)', '', '', {
      nothingBecause: 'PID 1 has another uid and rights that no step has: the kernel refuses either way (tried).',
    }),
    edits: [
      {
        file: 'sandbox/supervisor/privilege.c',
        find: 'prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)',
        replace: 'prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)',
      },
    ],
  },
  docker(
    'D9',
    'MaskedPaths',
    'fingerprints and side channels (F20)',
    'MaskedPaths: [...MASKED_PATHS]',
    'MaskedPaths: []',
    by('escape', 'next to nothing'),
  ),
  docker(
    'D10',
    'ReadonlyPaths',
    'settings of the host (E4)',
    'ReadonlyPaths: [...READONLY_PATHS]',
    'ReadonlyPaths: []',
    KEYS,
  ),
  docker(
    'D11',
    'CgroupnsMode',
    'the id of the container (F20)',
    "CgroupnsMode: 'private',\n",
    "CgroupnsMode: 'host' as 'private',\n",
    by('escape', 'next to nothing'),
  ),
  docker('D12', 'IpcMode', 'objects between containers', "IpcMode: 'private'", "IpcMode: 'host'", KEYS),
  docker(
    'D13',
    'Hostname',
    'the id of the container (F20)',
    "Hostname: 'runyard',",
    '',
    by('escape', 'next to nothing'),
  ),
  docker('D14', 'Ulimits msgqueue, sigpending', 'quotas of a uid (F6)', "ulimit('sigpending', 256),", '', {
    nothingBecause: 'PID 1 sets the same for each step (N23); this is a second lock, of which a unit test knows.',
  }),
  docker(
    'D15',
    'User 0 with three capabilities only',
    'a step as root',
    "'--uid', String(request.uid)",
    "'--uid', String(request.uid + 1)",
    by('escape', '/box starts programs'),
  ),
  docker('D16', 'OomScoreAdj', 'jobs are not first when the host has no memory', '    OomScoreAdj: 500,\n', '', KEYS),
  docker('D17', 'LogConfig none', 'host disk fill (F13)', "    LogConfig: { Type: 'none', Config: {} },\n", '', {
    nothingBecause: 'log files of the engine are not looked at: unit test `holds exactly the known host settings`.',
  }),
];

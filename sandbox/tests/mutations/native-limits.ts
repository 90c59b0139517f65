/* What a program may use, and how it ends. */
import type { Mutation } from './mutation.ts';
import { by, edit, native } from './parts.ts';

const IDENTITY = 'supervisor/identity.c';
const STEP = 'supervisor/step.c';
const CHILD = 'launcher/place-child.c';
const CGROUP = 'launcher/cgroup.c';

export const NATIVE_LIMITS: readonly Mutation[] = [
  native('N15', 'memory limit', 'memory bomb (R4)', {
    edits: [
      edit(
        CGROUP,
        '  uint64_t memory = request->memory_bytes / page_bytes * page_bytes;',
        '  uint64_t memory = (request->memory_bytes | 1ull << 33) / page_bytes * page_bytes;',
      ),
      edit(
        'supervisor/cgroup.c',
        '  int error = limit_memory(cgroup->memory, memory_bytes);',
        '  int error = limit_memory(cgroup->memory, memory_bytes | 1ull << 33);',
      ),
    ],
    noticedBy: by('limits', 'hog'),
  }),
  native('N16', 'process limit', 'fork bomb (R1)', {
    edits: [
      edit(CGROUP, '"pids.max", request->processes + 1u', '"pids.max", request->processes + 300u'),
      edit(
        'supervisor/cgroup.c',
        'error = write_number(cgroup->pids, "pids.max", tasks);',
        'error = write_number(cgroup->pids, "pids.max", tasks + 300);',
      ),
    ],
    noticedBy: by('limits', 'as many as allowed'),
  }),
  native('N17', 'CPU quota', 'starving neighbours (R10)', {
    edits: [
      edit(
        CGROUP,
        '(uint64_t)request->cpu_milli * (CPU_PERIOD_US / 1000)',
        '(uint64_t)request->cpu_milli * CPU_PERIOD_US',
      ),
    ],
    noticedBy: by('native-launcher', 'holds the limits in its control groups'),
  }),
  native('N18', 'memory of sockets', 'taking the one bound that all connections of the host share', {
    edits: [
      edit(
        CGROUP,
        'write_limit(memory_dir, socket_limit, SOCKET_BYTES)',
        'write_limit(memory_dir, socket_limit, (uint64_t)SOCKET_BYTES << 6)',
      ),
    ],
    noticedBy: by('isolation', 'sockets hold no more than 16 MiB'),
  }),
  native('N19', 'open files', 'descriptor bombs (R9)', {
    edits: [edit(STEP, '{RLIMIT_NOFILE, spec->open_files}', '{RLIMIT_NOFILE, 4096}')],
    noticedBy: by('limits', 'open files'),
  }),
  native('N20', 'file size', 'one huge file', {
    edits: [edit(STEP, '{RLIMIT_FSIZE, spec->file_bytes}', '{RLIMIT_FSIZE, 1ull << 60}')],
    noticedBy: by('limits', 'a file above the maximum'),
  }),
  native('N21', 'stack', 'recursion without end (R15)', {
    edits: [edit(STEP, '{RLIMIT_STACK, spec->stack_bytes}', '{RLIMIT_STACK, 1ull << 30}')],
    noticedBy: by('limits', 'stack above the limit'),
  }),
  native('N22', 'core files', 'disk fill, a handler of the host that reads them', {
    edits: [
      edit(STEP, '{RLIMIT_CORE, 1}', '{RLIMIT_CORE, 1ull << 30}'),
      edit('launcher/privilege.c', '"core files", 1, 0}', '"core files", RLIM_INFINITY, 0}'),
    ],
    noticedBy: by('limits', 'F6: what is counted'),
  }),
  native('N23', 'memlock, msgqueue, sigpending', 'quotas that a uid has on the whole host (F6, R16)', {
    edits: [edit(STEP, '{RLIMIT_SIGPENDING, 256}', '{RLIMIT_SIGPENDING, 4096}')],
    noticedBy: by('limits', 'F6: what is counted'),
  }),
  native('N24', 'network namespace', 'exfiltration, metadata, scans (L2)', {
    edits: [edit('launcher/place.c', ' | CLONE_NEWNET', '')],
    noticedBy: by('escape', 'there is none but the loopback of its own'),
  }),
  native('N25', 'cgroup namespace', 'the names of groups on the host (F20)', {
    edits: [edit(CHILD, '  if (unshare(CLONE_NEWCGROUP) != 0) fail("cgroup namespace");', '')],
    noticedBy: by('escape', 'next to nothing'),
  }),
  native('N26', 'IPC namespace', 'objects of System V between places', {
    edits: [edit('launcher/place.c', ' | CLONE_NEWIPC', '')],
    noticedBy: by('native-launcher', 'in namespaces of its own'),
  }),
  native('N27', 'constant host name', 'ids of the host (F20)', {
    edits: [
      edit('launcher/template.c', 'sethostname("runyard", strlen("runyard"))', 'sethostname("other", strlen("other"))'),
    ],
    noticedBy: by('escape', 'next to nothing'),
  }),
  native('N28', 'closed descriptors', 'descriptors of the launcher (E7)', {
    edits: [
      edit(
        STEP,
        'return close_range(FAILURE_FD + 1, INT_MAX, 0) == -1 ? errno : 0;',
        'return dup(0) == -1 ? errno : 0;',
      ),
    ],
    noticedBy: by('escape', 'only 0, 1 and 2 are open'),
  }),
  native('N29', 'kill of the rest', 'daemons that outlive their step (T4)', {
    edits: [edit('supervisor/run.c', 'if (kill(-1, SIGKILL) == -1', 'if (kill(-1, 0) == -1')],
    noticedBy: by('limits', 'fork bomb whose main exits'),
  }),
  native('N30', 'wipe between steps', 'messages from one run to the next', {
    edits: [
      edit(
        'supervisor/helper.c',
        'i < sizeof folders / sizeof folders[0]',
        'i < (geteuid() == 99 ? sizeof folders : 0)',
      ),
    ],
    noticedBy: by('isolation', 'the second finds nothing of the first'),
  }),
  native('N31', 'deadline of the launcher', 'a place whose PID 1 fails', {
    edits: [
      edit(
        'launcher/connection.c',
        '  connection->due_ms = now_ms() + request.deadline_ms;',
        '  connection->due_ms = UINT64_MAX;',
      ),
    ],
    noticedBy: by('native-launcher', 'is killed at its deadline'),
  }),
  native('N32', 'session keyring', 'keys of one place read by the next (E10)', {
    edits: [edit(CHILD, '  fresh_keyring();', '')],
    noticedBy: { nothingBecause: 'the filter refuses all calls for keys (N5): it is a second lock.' },
  }),
  native('N33', 'UTS namespace', 'a host name that the program sets', {
    edits: [edit('launcher/place.c', ' | CLONE_NEWUTS', '')],
    noticedBy: {
      nothingBecause:
        'the launcher has left the name of the host before, and setting one is refused twice: a place would only share the name of others.',
    },
  }),
  native('N34', 'oom_score_adj of steps', 'PID 1 killed for what the program took', {
    edits: [edit(IDENTITY, 'write(fd, "1000", 4) == 4', 'write(fd, "0", 1) == 1')],
    noticedBy: { nothingBecause: 'the largest process is the first choice all the same, and PID 1 has under 1 MiB.' },
  }),
  native('N35', 'fresh inodes per place, read-only root', 'writing into the tree that all share (E13)', {
    edits: [
      edit(
        'launcher/template.c',
        'MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV',
        'MS_REMOUNT | MS_BIND | MS_NOSUID | MS_NODEV',
      ),
    ],
    noticedBy: {
      nothingBecause:
        'an overlay without an upper layer cannot be written: two locks, and the files are owned by root.',
    },
  }),
];

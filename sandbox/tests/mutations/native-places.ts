/* Who a program is, what it sees, what it can write. */
import type { Mutation } from './mutation.ts';
import { by, edit, native } from './parts.ts';

const IDENTITY = 'supervisor/identity.c';
const MOUNTS = 'launcher/place-mounts.c';

export const NATIVE_PLACES: readonly Mutation[] = [
  native('N1', 'uid of steps', 'being root of the host after an escape', {
    edits: [
      edit(
        IDENTITY,
        '  if (setresuid(uid, uid, uid) == -1) return errno;\n  return setresuid(0, 0, 0) == 0 ? EPERM : 0;',
        '  return 0;',
      ),
    ],
    noticedBy: by('escape', 'there are none, and none to be had'),
  }),
  native('N2', 'one uid per place', "quotas of the kernel shared with a neighbour's (F6)", {
    edits: [edit('launcher/lease.c', '    return first_uid + (uid_t)slot;', '    return first_uid;')],
    noticedBy: by('isolation', 'differ in uid'),
  }),
  native('N3', 'capabilities of PID 1', 'a fault in PID 1 with the rights of root', {
    edits: [
      edit('launcher/privilege.c', '    if (capability < 32 && (KEPT', '    if (capability < 64 || (KEPT'),
      edit(
        'launcher/privilege.c',
        '  if (syscall(SYS_capset, &header, data) != 0) return -1;',
        '  (void)data, (void)header;',
      ),
      edit(
        'supervisor/privilege.c',
        '  if (syscall(SYS_capset, &header, data) == -1) die("SETUID, SETGID and KILL are needed");',
        '  (void)data, (void)header;',
      ),
    ],
    noticedBy: by('native-launcher', 'three capabilities'),
  }),
  native('N4', 'no-new-privs', 'gain through setuid files', {
    edits: [
      edit('launcher/privilege.c', '  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);', '  return 0;'),
      edit(
        'supervisor/privilege.c',
        '  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1) die("PR_SET_NO_NEW_PRIVS");',
        '',
      ),
    ],
    noticedBy: by('escape', 'there are none, and none to be had'),
  }),
  native('N5', 'seccomp filter', 'the calls by which programs left sandboxes (E1, E2, E9-E12, E14)', {
    edits: [edit('supervisor/main.c', '  filter_install();', '')],
    noticedBy: by('system-calls', 'namespaces'),
  }),
  native('N6', 'non-dumpable PID 1', 'its memory and descriptors (F7)', {
    edits: [edit('supervisor/privilege.c', 'prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)', 'prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)')],
    noticedBy: {
      nothingBecause: 'PID 1 has another uid and hidepid hides it: each of the three is enough.',
    },
  }),
  native('N7', 'hidepid', 'seeing what others run', {
    edits: [edit(MOUNTS, '"hidepid=2"', '""')],
    noticedBy: by('escape', 'PID 1 cannot be traced or read'),
  }),
  native('N8', 'masked files of /proc', 'fingerprints and side channels (F20)', {
    edits: [edit(MOUNTS, 'i < COUNT(masked_files)', 'i < (geteuid() == 99 ? COUNT(masked_files) : 0)')],
    noticedBy: by('escape', 'next to nothing'),
  }),
  native('N9', 'masked folders of /proc', 'pressure of neighbours, drivers (F20)', {
    edits: [edit(MOUNTS, 'i < COUNT(masked_folders)', 'i < (geteuid() == 99 ? COUNT(masked_folders) : 0)')],
    noticedBy: by('escape', 'next to nothing'),
  }),
  native('N10', 'read-only /proc/sys', 'settings of the host (E4)', {
    edits: [edit(MOUNTS, 'MS_REMOUNT | MS_BIND | MS_RDONLY | flags', 'MS_REMOUNT | MS_BIND | flags')],
    noticedBy: by('native-launcher', 'has exactly these mounts'),
  }),
  native('N11', 'own root by overlay', 'locks seen by neighbours (L4), paths of the host (F20)', {
    edits: [
      edit(
        'launcher/template.c',
        '  has_layers = template_layer("/proc") == 0;',
        '  has_layers = false;\n  errno = 0;',
      ),
    ],
    noticedBy: by('isolation', 'a lock or a lease'),
  }),
  native('N12', 'size of /box', 'memory and disk fill (R7)', {
    edits: [
      edit(MOUNTS, '"size=%" PRIu64 ",nr_inodes=%" PRIu32 ",uid', '"nr_inodes=%" PRIu32 ",uid'),
      edit(
        MOUNTS,
        'sizeof options, "nr_inodes=%" PRIu32 ",uid=%u,gid=%u,mode=%04o", tmpfs->bytes,',
        'sizeof options, "nr_inodes=%" PRIu32 ",uid=%u,gid=%u,mode=%04o",',
      ),
    ],
    noticedBy: by('file-limits', 'bytes'),
  }),
  native('N13', 'inodes of /box', 'files without content (R8)', {
    edits: [edit(MOUNTS, '{"/box", 0, request->box_bytes, request->box_inodes,', '{"/box", 0, request->box_bytes, 0,')],
    noticedBy: by('file-limits', '100 000 files'),
  }),
  native('N14', 'noexec of /tmp', 'staging of programs', {
    edits: [edit(MOUNTS, '{"/tmp", MS_NOEXEC,', '{"/tmp", 0,')],
    noticedBy: by('escape', '/tmp and /dev/shm start no program'),
  }),
];

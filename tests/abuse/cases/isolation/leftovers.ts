import type { Submission } from '../../../support/client.ts';
import type { AbuseCase, JobAct } from '../../case.ts';
import { bash, c, cMain, MIB, python, submission } from '../../programs.ts';

/** Leaves something of every kind, and a process that would keep it. */
const LEAVE = `#include <mqueue.h>
int main() {
  const char *folders[] = {"/box", "/tmp", "/dev/shm", "/dev/mqueue", "/var/tmp", "/run", "/program"};
  for (int i = 0; i < 7; i++) {
    char path[64];
    sprintf(path, "%s/left-by-runyard-abuse", folders[i]);
    int file = open(path, O_CREAT | O_RDWR, 0666);
    if (file >= 0) { write(file, "runyard-abuse", 13); flock(file, LOCK_EX); }
  }
  shmget(0x52594142, 4096, IPC_CREAT | 0666);
  semget(0x52594142, 1, IPC_CREAT | 0666);
  syscall(SYS_msgget, 0x52594142, IPC_CREAT | 0666);
  mq_open("/runyard-abuse", O_CREAT | O_RDWR, 0666, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\\0runyard-abuse"};
  bind(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name);
  struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons(5995), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int server = socket(AF_INET, SOCK_STREAM, 0);
  bind(server, (struct sockaddr *)&port, sizeof port);
  listen(server, 1);
  flock(open("/usr/bin/env", O_RDONLY), LOCK_EX);
  prctl(PR_SET_NAME, "runyard-abuse");
  if (fork() == 0) { setsid(); if (fork() == 0) { close(0); close(1); close(2); for (;;) pause(); } _exit(0); }
  puts("left");
}`;
const LOOK = `int main() {
  fflush(stdout);
  system("find / -name '*runyard-abuse*' 2>/dev/null; cat /proc/sysvipc/* 2>/dev/null | grep -iE '1381613890|52594142'; grep -l runyard-abuse /proc/[0-9]*/comm 2>/dev/null; grep runyard-abuse /proc/net/unix; ls -A /tmp /dev/shm | grep -v '^$' | grep -v :; ls -A /box | grep -v '^main'");
  printf("%d", shmget(0x52594142, 0, 0) >= 0);
  printf("%d", semget(0x52594142, 0, 0) >= 0);
  printf("%d", syscall(SYS_msgget, 0x52594142, 0) >= 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\\0runyard-abuse"};
  printf("%d", connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&name, sizeof name) == 0);
  struct sockaddr_in port = {.sin_family = AF_INET, .sin_port = htons(5995), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  printf("%d", connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&port, sizeof port) == 0);
  printf("%d\\n", flock(open("/usr/bin/env", O_RDONLY), LOCK_EX | LOCK_NB) != 0);
}`;
const looks = (name: string): JobAct => ({
  name,
  job: c(LOOK, { limits: { wallTimeMs: 20_000 } }),
  expect: { verdicts: ['ok'], stdout: '000000\n' },
});

/** Appears in the compiled program and in everything that a compiler caches of it. */
const MARK = 'Runyard/Abuse/L6/Mark';
const GO_WITH_MARK = `package main
import "fmt"
func main() { fmt.Println("${MARK}") }`;
/** Put together at run time, so that the program does not find itself. */
const LOOK_FOR_MARK = bash(
  `mark=$(printf '%s/' Runyard Abuse L6)Mark
for folder in /box /tmp /program /dev/shm /home /root /var /opt /run /usr/local /etc "$GOCACHE" "$HOME" "$XDG_CACHE_HOME"; do
  [ -d "$folder" ] && grep -rlF "$mark" "$folder" 2>/dev/null
done
exit 0`,
  { limits: { wallTimeMs: 60_000, cpuTimeMs: 60_000 } },
);
const WRITABLE = bash(
  `find / -xdev -writable ! -type l ! -path '/proc/*' ! -path '/dev/*' ! -path /tmp ! -path /box 2>/dev/null | head; exit 0`,
  { limits: { wallTimeMs: 30_000 } },
);

const PATTERN = cMain(
  `size_t size = 150 << 20;
char *p = malloc(size);
for (size_t i = 0; i < size; i++) p[i] = "RYABUSE!"[i & 7];
TOUCH(p, 0);
const char *names[] = {"/box/f", "/tmp/f", "/dev/shm/f"};
size_t sizes[] = {40 << 20, 20 << 20, 10 << 20};
for (int i = 0; i < 3; i++) {
  int file = open(names[i], O_CREAT | O_WRONLY, 0600);
  for (size_t done = 0; done < sizes[i];) { ssize_t n = write(file, p, 1 << 20); if (n <= 0) break; done += n; }
}
puts("written");`,
  { limits: { memoryBytes: 256 * MIB, wallTimeMs: 20_000 } },
);
const ZEROS = c(
  `static long dirty(const char *p, size_t size) { long n = 0; for (size_t i = 0; i < size; i++) n += p[i] != 0; return n; }
int main() {
  size_t size = 150 << 20;
  printf("%ld ", dirty(mmap(0, size, 3, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size));
  const char *names[] = {"/box/f", "/tmp/f", "/dev/shm/f"};
  size_t sizes[] = {40 << 20, 20 << 20, 10 << 20};
  for (int i = 0; i < 3; i++) {
    int file = open(names[i], O_CREAT | O_RDWR, 0600);
    ftruncate(file, sizes[i]);
    char *map = mmap(0, sizes[i], PROT_READ, MAP_SHARED, file, 0);
    printf("%ld ", map == MAP_FAILED ? -1 : dirty(map, sizes[i]));
  }
  int memory = memfd_create("x", 0);
  ftruncate(memory, 10 << 20);
  printf("%ld ", dirty(mmap(0, 10 << 20, PROT_READ, MAP_SHARED, memory, 0), 10 << 20));
  /* What malloc gives again within a program is that program's own. */
  int ends[2];
  pipe(ends);
  fcntl(ends[1], F_SETPIPE_SZ, 1 << 16);
  printf("%ld\\n", dirty(calloc(1 << 20, 1), 1 << 20));
}`,
  { limits: { memoryBytes: 256 * MIB, wallTimeMs: 20_000 } },
);

function again(job: Submission, stdout: string): readonly JobAct[] {
  return [1, 2, 3].map((round) => ({ name: `next ${round}`, job, expect: { verdicts: ['ok'], stdout } }));
}

export const LEFTOVER_CASES: readonly AbuseCase[] = [
  {
    id: 'L3',
    title: 'files, locks, shared memory, queues, semaphores, sockets, a background process: left for the next jobs',
    tags: ['fast', 'full'],
    expected: 'the next four jobs find nothing',
    acts: [
      { name: 'leaves', job: c(LEAVE), expect: { verdicts: ['ok'], stdout: 'left\n' } },
      ...[1, 2, 3, 4].map((round) => looks(`looks ${round}`)),
    ],
  },
  {
    id: 'L6',
    title: 'caches of compilers and modules, build outputs of others',
    tags: ['full'],
    expected: 'read-only, nothing of another job in them',
    acts: [
      {
        name: 'builds',
        job: submission('go', GO_WITH_MARK, { limits: { wallTimeMs: 20_000 } }),
        expect: { verdicts: ['ok'], stdout: `${MARK}\n` },
      },
      {
        name: 'caches in Python',
        job: python(`open('m.py', 'w').write('x = "${MARK}"')\nimport m\nprint(m.x)`),
        expect: { verdicts: ['ok'] },
      },
      { name: 'looks', job: LOOK_FOR_MARK, expect: { verdicts: ['ok'], stdout: '' } },
      { name: 'looks for a place to write', job: WRITABLE, expect: { verdicts: ['ok'], stdout: '' } },
    ],
  },
  {
    id: 'L9',
    title: 'fresh memory and fresh files after a job that filled both with a pattern',
    tags: ['full'],
    expected: 'zeros',
    acts: [
      { name: 'fills', job: PATTERN, expect: { verdicts: ['ok'], stdout: 'written\n' } },
      ...again(ZEROS, '0 0 0 0 0 0\n'),
    ],
  },
];

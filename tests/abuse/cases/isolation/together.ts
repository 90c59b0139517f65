import type { AbuseCase, SeenJob } from '../../case.ts';
import { bash, c } from '../../programs.ts';

/**
 * One job takes every kind of lock on whatever the other could open too: mount points (bind mounts among them), devices, files
 * and folders of the image; and keeps them for some seconds. The other starts at the same time, waits, and tries.
 */
const LOCKS = `static int mine, held;
static void each(const char *path) {
  int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return;
  struct flock region = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1}, of_file = region;
  if (mine) {
    held += flock(file, LOCK_EX | LOCK_NB) == 0;
    fcntl(file, F_SETLK, &region);
    fcntl(file, F_SETLEASE, F_RDLCK);
    return;
  }
  if (flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) printf("flock %s\\n", path);
  region.l_type = of_file.l_type = F_WRLCK;
  if (fcntl(file, F_GETLK, &region) == 0 && region.l_type != F_UNLCK) printf("fcntl %s\\n", path);
  if (fcntl(file, F_OFD_GETLK, &of_file) == 0 && of_file.l_type != F_UNLCK) printf("ofd %s\\n", path);
  if (fcntl(file, F_GETLEASE) != F_UNLCK) printf("lease %s\\n", path);
  close(file);
}
static void folder(const char *path, int most) {
  DIR *all = opendir(path);
  struct dirent *entry;
  while (all && most-- > 0 && (entry = readdir(all))) {
    char name[600];
    sprintf(name, "%s/%s", path, entry->d_name);
    if (strcmp(entry->d_name, "..") != 0 && entry->d_type != DT_FIFO && entry->d_type != DT_SOCK) each(name);
  }
}
int main(int argc, char **argv) {
  mine = strcmp(argv[1], "takes") == 0;
  if (!mine) sleep(2);
  char line[4096], path[4096];
  FILE *mounts = fopen("/proc/self/mountinfo", "r");
  while (mounts && fgets(line, sizeof line, mounts))
    /* Own to each place: locks there are seen by its own processes only. */
    if (sscanf(line, "%*s %*s %*s %*s %4095s", path) == 1) each(path);
  const char *more[] = {"/bin/sh", "/usr/bin/env", "/usr/bin/python3", "/usr/lib", "/usr", "/etc/hosts", "/opt/runyard", "/opt/runyard/supervisor", "/proc/self/exe"};
  for (unsigned i = 0; i < sizeof more / sizeof more[0]; i++) each(more[i]);
  folder("/dev", 50);
  folder("/etc", 200);
  folder("/usr/bin", 400);
  folder("/", 50);
  fprintf(stderr, "%d", held);
  struct sockaddr_un name = {.sun_family = AF_UNIX, .sun_path = "\\0runyard-abuse-l4"};
  int meeting = socket(AF_UNIX, SOCK_STREAM, 0);
  if (mine) { bind(meeting, (struct sockaddr *)&name, sizeof name); listen(meeting, 1); sleep(5); }
  else if (connect(meeting, (struct sockaddr *)&name, sizeof name) == 0) puts("abstract socket");
}`;
const TIME = { limits: { wallTimeMs: 30_000 } };

/** Under a load of a neighbour. What is masked reads as empty. */
const METERS = bash('sleep 1; cat /proc/pressure/* /proc/locks /proc/diskstats /proc/vmstat 2>/dev/null; exit 0', TIME);
const BUSY = bash('end=$((SECONDS + 3)); while [ $SECONDS -lt $end ]; do :; done; cat /usr/bin/* > /dev/null', TIME);

function holdsMany({ stderr }: SeenJob): readonly string[] {
  return Number(String(stderr)) > 100 ? [] : [`it got only ${String(stderr)} locks`];
}

export const TOGETHER_CASES: readonly AbuseCase[] = [
  {
    id: 'L4',
    title:
      'two simultaneous jobs: locks on mounts, devices and files of the image, abstract sockets, meters of the kernel',
    tags: ['full'],
    expected: 'no lock, socket or meter tells of the other; of the load only /proc/loadavg',
    acts: [
      {
        together: [
          {
            name: 'takes',
            job: c(LOCKS, { ...TIME, args: ['takes'] }),
            expect: { verdicts: ['ok'], faults: holdsMany },
          },
          { name: 'tries', job: c(LOCKS, { ...TIME, args: ['tries'] }), expect: { verdicts: ['ok'], stdout: '' } },
        ],
      },
      {
        together: [
          { name: 'busy', job: BUSY, expect: { verdicts: ['ok'] } },
          { name: 'meters', job: METERS, expect: { verdicts: ['ok'], stdout: '' } },
        ],
      },
    ],
  },
];

import type { AbuseCase } from '../../case.ts';
import { bash, c, cMain, python } from '../../programs.ts';

/** Fills a folder with files of 1 MiB. Says how many went in, and whether the folder is on a file system in memory. */
const FILL = `#include <sys/vfs.h>
static char block[1 << 20];
int main(int argc, char **argv) {
  struct statfs about;
  char name[64];
  int n = 0, written = 0;
  TOUCH(block, sizeof block);
  statfs(argv[1], &about);
  for (;; n++) {
    sprintf(name, "%s/f%d", argv[1], n);
    int file = open(name, O_CREAT | O_WRONLY, 0600);
    if (file < 0) break;
    ssize_t got = write(file, block, sizeof block);
    close(file);
    if (got < (ssize_t)sizeof block) break;
    written++;
  }
  printf("%s %d tmpfs=%d\\n", errno == ENOSPC || errno == 0 ? "ENOSPC" : strerror(errno), written, about.f_type == 0x01021994);
  return 28;
}`;

function fill(folder: string, mebibytes: number) {
  return {
    name: folder,
    job: c(FILL, { args: [folder], limits: { wallTimeMs: 10_000 } }),
    expect: {
      verdicts: ['runtime_error'],
      exitCode: 28,
      // The tmpfs keeps a few pages for itself; gVisor counts in other units.
      stdout: new RegExp(`^ENOSPC (${mebibytes - 1}|${mebibytes}) tmpfs=1\\n$`),
    },
  } as const;
}

export const FILE_CASES: readonly AbuseCase[] = [
  {
    id: 'R7',
    title: 'fill /box, /tmp and /dev/shm',
    tags: ['fast', 'full'],
    expected: "ENOSPC at the size of each, in memory and not on the host's disk; the program's own exit code",
    acts: [fill('/box', 64), fill('/tmp', 32), fill('/dev/shm', 16)],
  },
  {
    id: 'R8',
    title: '2 million empty files, 3000 nested folders, names of 255 bytes',
    tags: ['full'],
    expected: 'ENOSPC at the number of inodes; everything is gone soon after the job',
    acts: [
      {
        name: 'empty files',
        job: cMain(
          'char name[32]; int n = 0; for (; n < 2000000; n++) { sprintf(name, "/box/%d", n); int f = open(name, O_CREAT | O_WRONLY, 0600); if (f < 0) break; close(f); } printf("%s %d\\n", errno == ENOSPC ? "ENOSPC" : strerror(errno), n < 4096);',
          { limits: { wallTimeMs: 20_000 } },
        ),
        expect: { verdicts: ['ok'], stdout: 'ENOSPC 1\n' },
      },
      {
        name: 'nested folders',
        job: cMain(
          'int n = 0; for (; n < 3000 && mkdir("d", 0700) == 0 && chdir("d") == 0; n++); for (int f; (f = open("x", O_CREAT | O_EXCL, 0)) >= 0;) close(f); printf("%d\\n", n);',
          { limits: { wallTimeMs: 20_000 } },
        ),
        expect: { verdicts: ['ok'], stdout: '3000\n' },
      },
      {
        name: 'long names',
        job: python(
          `import os
n = 0
try:
  while True:
    open('/tmp/' + str(n).rjust(255, 'x'), 'w').close(); n += 1
except OSError as e: print(e.errno, n < 4096)`,
          { limits: { wallTimeMs: 20_000 } },
        ),
        expect: { verdicts: ['ok'], stdout: '28 True\n' },
      },
      {
        name: 'the next job has room',
        job: bash('for i in {1..100}; do echo x > $i; done; ls | wc -l'),
        expect: { verdicts: ['ok'], stdout: '101\n' },
      },
    ],
  },
  {
    id: 'R9',
    title: 'open files until there are no more, and keep them',
    tags: ['fast', 'full'],
    expected: "EMFILE at the limit, the program's own exit code",
    acts: [
      {
        job: cMain(
          'int n = 0; while (open("/dev/null", 0) >= 0) n++; printf("%d %s\\n", n, errno == EMFILE ? "EMFILE" : strerror(errno)); return 24;',
        ),
        expect: { verdicts: ['runtime_error'], exitCode: 24, stdout: '1021 EMFILE\n' },
      },
      {
        name: 'more by raising the limit',
        job: cMain(
          'struct rlimit more = {1 << 20, 1 << 20}; printf("%d\\n", setrlimit(RLIMIT_NOFILE, &more)); more.rlim_cur = more.rlim_max = 1025; printf("%d\\n", setrlimit(RLIMIT_NOFILE, &more));',
        ),
        expect: { verdicts: ['ok'], stdout: '-1\n-1\n' },
      },
    ],
  },
];

import type { Submission } from '../support/client.ts';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** Wall limit of a run in a case that needs no other. The CPU limit then is the same. */
const RUN_WALL_MS = 3000;
const RUN = { wallTimeMs: RUN_WALL_MS };

type Options = Partial<Submission>;

/** A whole C program after the usual headers; compiled by the server with -O2. */
export function c(source: string, options: Options = {}): Submission {
  return submission('c', `${HEADERS}\n${source}\n`, options);
}

/** The body of a C `main(argc, argv)` that returns 0 when it does not return itself. */
export function cMain(body: string, options: Options = {}): Submission {
  return c(`int main(int argc, char **argv) {\n${body}\nreturn 0;\n}`, options);
}

export function bash(code: string, options: Options = {}): Submission {
  return submission('bash', code, options);
}

export function python(code: string, options: Options = {}): Submission {
  return submission('python', code, options);
}

/** With the wall limit of the suite; other limits in `options` are added to it. */
export function submission(language: string, code: string, options: Options = {}): Submission {
  return { ...options, language, code, limits: { ...RUN, ...options.limits } };
}

const HEADERS = `#define _GNU_SOURCE
${(
  'dirent errno fcntl poll pthread sched signal stdint stdio stdlib string time unistd arpa/inet netinet/in ' +
  'sys/file sys/ipc sys/mman sys/prctl sys/ptrace sys/resource sys/sem sys/shm sys/socket sys/stat sys/syscall sys/time ' +
  'sys/types sys/uio sys/un sys/wait'
)
  .split(' ')
  .map((name) => `#include <${name}.h>`)
  .join('\n')}
/* Writes every byte, and the compiler cannot leave it out. */
#define TOUCH(p, n) do { memset((p), 1, (n)); __asm__ volatile("" : : "r"(p) : "memory"); } while (0)`;

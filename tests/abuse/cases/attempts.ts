import type { Submission } from '../../support/client.ts';
import type { JobAct } from '../case.ts';
import { c } from '../programs.ts';

/** An expression of C that is negative, with errno, when it fails; and how it must end: `ok`, the name of an errno, `signal <n>`. */
export type Attempt = readonly [name: string, expression: string, expected: string | RegExp];

/** What a kernel says of a thing that is not there or not for everybody. */
export const DENIED = /^(EPERM|EACCES|EROFS|ENOENT|ENOSYS)$/;

interface AttemptOptions extends Partial<Submission> {
  readonly name?: string;
  /** C before the attempts. */
  readonly before?: string;
}

/** One program that tries them all, each in a process of its own because one that is not refused may do what it says. */
export function attempts(list: readonly Attempt[], options: AttemptOptions = {}): JobAct {
  const { name, before, ...more } = options;
  return {
    ...(name === undefined ? {} : { name }),
    job: c(`${before ?? ''}\n${probeSource(list)}`, { ...more, limits: { wallTimeMs: 20_000, ...more.limits } }),
    expect: {
      verdicts: ['ok'],
      faults: ({ stdout }) => {
        const found = outcomesOf(String(stdout));
        return list.flatMap(([what, , expected]) => {
          const outcome = found.get(what) ?? 'nothing';
          const isRight = typeof expected === 'string' ? outcome === expected : expected.test(outcome);
          return isRight ? [] : [`${what}: ${outcome}, expected ${String(expected)}`];
        });
      },
    },
  };
}

/** `name: outcome` per line. */
export function outcomesOf(text: string): ReadonlyMap<string, string> {
  return new Map(
    text
      .trimEnd()
      .split('\n')
      .map((line): [string, string] => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
}

/** C that needs the headers of `c()`. Attempts may use CALL(name, …), CLONE(flags) and `zeros`. */
export function probeSource(
  list: readonly (readonly [name: string, expression: string, ...rest: unknown[]])[],
): string {
  return `#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)
#define CLONE(flags) ({ long r = syscall(SYS_clone, (flags) | SIGCHLD, 0, 0, 0, 0); if (r == 0) _exit(0); r; })
static char zeros[65536] __attribute__((aligned(4096)));
${list.map(([, expression], index) => `static long call${index}(void) { return ${expression}; }`).join('\n')}
static const struct { const char *name; long (*call)(void); } calls[] = {
${list.map(([name], index) => `  {${JSON.stringify(name)}, call${index}},`).join('\n')}
};
int main(void) {
  for (unsigned i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    int status;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
      errno = 0;
      long result = calls[i].call();
      const char *error = strerrorname_np(errno);
      printf("%s: %s\\n", calls[i].name, result >= 0 ? "ok" : error ? error : "?");
      fflush(stdout);
      _exit(0);
    }
    waitpid(pid, &status, 0);
    if (WIFSIGNALED(status)) printf("%s: signal %d\\n", calls[i].name, WTERMSIG(status));
  }
}`;
}

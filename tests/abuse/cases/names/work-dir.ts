import type { AbuseCase, JobAct, World } from '../../case.ts';
import { bash, python } from '../../programs.ts';
import { hostileBuild } from '../compile/hostile-build.ts';

/** Files by which tools of all kinds would be led elsewhere if they found them in the work folder. */
const OVERRIDES =
  'python python3 sh bash gcc as ld ghc node sitecustomize.py usercustomize.py os.py encodings.py .npmrc package.json tsconfig.json go.mod go.work Makefile .gdbinit .bashrc .profile .ghci GNUmakefile core';

const writeOverrides = `for f in ${OVERRIDES}; do printf '#!/bin/sh\\necho overridden\\n' > $f; chmod 755 $f; done
mkdir -p .cargo .config .local/lib && echo 'overridden' > .cargo/config.toml`;

const HEALTHY =
  'import os, sys, subprocess\nprint(sorted(os.listdir(".")), os.path.dirname(os.__file__), subprocess.run(["bash", "-c", "echo plain"], capture_output=True).stdout)';
const HEALTHY_OUTPUT = /^\['main\.py'\] \/usr\/lib\/python3\.\d+ b'plain\\n'\n$/;

/** One on every slot, and one more. */
const nextJobs: readonly JobAct[] = [1, 2, 3, 4].map((number) => ({
  name: `next job ${number}`,
  job: python(HEALTHY),
  expect: { verdicts: ['ok'], stdout: HEALTHY_OUTPUT },
}));

/** Some hundred small processes, on a loaded machine. */
const PATIENT = { limits: { wallTimeMs: 30_000, cpuTimeMs: 10_000 } };

/** Things in /box that no process of the host may ever open, follow, size or walk. */
const TRAPS = `ln -s /etc/shadow out; ln -s /etc/shadow output; ln -s / root; ln -s self self; ln -s /proc/1/mem mem
mkfifo fifo stdout combined.txt
mknod device c 1 5 2>/dev/null; mknod disk b 8 0 2>/dev/null
truncate -s 8T sparse 2>/dev/null; truncate -s 60M sparse60
mkdir -p "$(printf 'd/%.0s' $(seq 500))"
mkdir -p locked/a && echo x > locked/a/b && chmod 000 locked/a locked
touch -- '-rf' '*' "$(printf 'line\\nfeed')" "$(printf '\\377\\376')" "$(printf 'x%.0s' $(seq 255))"
chmod 000 /tmp 2>/dev/null; chmod 555 .`;

/** As many as fit into the time, on a loaded machine fewer. */
const BUILDS = 100;
const RACE_MS = 100_000;
const AT_ONCE = 2;

/** While the compiler's output is collected, three daemons put a link, a FIFO and a folder in its place, again and again. */
const SWAPS = `for n in 1 2 3; do setsid sh -c 'cp main kept$$; while :; do ln -sf /etc/passwd main; rm -f main; mkfifo main; rm -f main; ln -f kept$$ main; cp kept$$ new$$; mv -f new$$ main; done' > /dev/null 2>&1 < /dev/null & done`;

async function race(world: World): Promise<readonly string[]> {
  const untilMs = performance.now() + RACE_MS;
  const faults: string[] = [];
  const verdicts: string[] = [];
  const client = async (): Promise<void> => {
    while (verdicts.length < BUILDS && performance.now() < untilMs) {
      verdicts.push('under way');
      const place = verdicts.length - 1;
      const seen = await world.run(hostileBuild(SWAPS));
      verdicts[place] = seen.job.verdict ?? 'none';
      faults.push(
        ...world.compare(seen, { verdicts: ['ok', 'runtime_error', 'compile_error'], stdout: /^(built\n)?$/ }),
      );
      if (/root:|Permission/.test(String(seen.combined))) faults.push('a file of the host was read');
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const counts = Map.groupBy(verdicts, (verdict) => verdict);
  world.note(
    `${verdicts.length} builds: ${[...counts].map(([verdict, all]) => `${all.length} ${verdict}`).join(', ')}`,
  );
  return faults;
}

export const WORK_DIR_CASES: readonly AbuseCase[] = [
  {
    id: 'P4',
    title: 'files in /box that override tools, left by a build and by a run',
    tags: ['fast', 'full'],
    expected: 'they change at most the own step; the run finds none of the build, the next jobs none of either',
    acts: [
      {
        name: 'a build leaves them',
        job: hostileBuild(
          writeOverrides,
          'main = do\n  files <- listDirectory "."\n  out <- readProcess "bash" ["-c", "echo plain"] ""\n  print (files, out)',
        ),
        expect: { verdicts: ['ok'], stdout: '([],"plain\\n")\n' },
      },
      {
        name: 'a run leaves them, and Python itself takes its own os.py',
        job: bash(
          `${writeOverrides}\ncd /tmp; cp /box/os.py . ; python3 -c 'print("python")'; cd /box; python3 -c 'print("python")'; bash -c 'echo bash'`,
        ),
        expect: { verdicts: ['ok', 'runtime_error'], stdout: /^python\n(python\n)?bash\n$/ },
      },
      {
        name: 'modules of its own',
        job: python('open("json.py", "w").write("print(\'own json\')"); import json; print(json.__file__)'),
        expect: { verdicts: ['ok'], stdout: 'own json\n/box/json.py\n' },
      },
      ...nextJobs,
    ],
  },
  {
    id: 'P5',
    title: 'links to /etc/shadow, FIFOs, devices, 8 TB of nothing, a deep tree, locked folders in /box',
    tags: ['full'],
    expected: 'never opened by the host; the result stands, and the place goes away',
    acts: [
      { name: 'by a run', job: bash(`${TRAPS}\necho done`, PATIENT), expect: { verdicts: ['ok'], stdout: 'done\n' } },
      {
        name: 'by a run that fails',
        job: bash(`${TRAPS}\nkill -9 $$`, PATIENT),
        expect: { verdicts: ['signalled'], signal: 'SIGKILL', stdout: '' },
      },
      {
        name: 'by a build: wiped before the run',
        job: hostileBuild(`${TRAPS}\ntrue`, 'main = do\n  files <- listDirectory "/box"\n  print files'),
        expect: { verdicts: ['ok'], stdout: '[]\n' },
      },
      {
        name: 'as the output of a build',
        job: hostileBuild(`rm main; truncate -s 8T main; ${TRAPS}\ntrue`),
        expect: { verdicts: ['runtime_error', 'compile_error'] },
      },
      ...nextJobs,
    ],
  },
  {
    id: 'P6',
    title: `the output of a build is swapped for links and FIFOs while it is collected, up to ${BUILDS} times`,
    tags: ['full'],
    expected: 'the program itself, or none; never a file behind a link',
    acts: [{ script: race }],
  },
];

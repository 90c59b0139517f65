import { describe, expect, test } from 'vitest';
import { testPrograms } from './support/program-case.ts';
import { cMain, MIB, python, sh } from './support/programs.ts';
import { stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

describe('files in memory are bounded', () => {
  const FILL = `import os, errno
def fill(folder, size):
  total, names = 0, 0
  try:
    while True:
      with open(f'{folder}/{names}', 'wb', buffering=0) as f:
        names += 1
        while f.tell() < 8 << 20:
          total += f.write(b'x' * size)
  except OSError as e:
    return errno.errorcode[e.errno], total, names
`;
  const limits = { memoryBytes: 256 * MIB };
  testPrograms(user, [
    {
      name: 'bytes',
      plan: python(
        `${FILL}\nfor d in '/box', '/tmp', '/dev/shm':\n  e, total, _ = fill(d, 65536); print(d, e, total >> 20)`,
        { limits },
      ),
      ends: 'exited 0',
      stdout: /^\/box ENOSPC 6[34]\n\/tmp ENOSPC 3[12]\n\/dev\/shm ENOSPC 1[56]\n$/,
    },
    {
      name: '100 000 files',
      plan: cMain(
        'char n[300]; int i = 0; for (; i < 100000; i++) { sprintf(n, "%0200d", i); if (creat(n + 120, 0600) < 0) break; close(3); } printf("%d %d\\n", i > 1000 && i < 5000, errno == ENOSPC);',
        { limits },
      ),
      ends: 'exited 0',
      stdout: '1 1\n',
    },
    {
      name: '100 000 files in /tmp and /dev/shm',
      plan: python(
        "import os\nfor d in '/tmp', '/dev/shm':\n  try:\n    for i in range(100000): open(f'{d}/{i}', 'w').close()\n  except OSError as e: print(e.errno)",
        { limits },
      ),
      ends: 'exited 0',
      stdout: '28\n28\n',
    },
    {
      name: '3000 folders deep',
      plan: cMain('int i = 0; while (i < 3000 && mkdir("d", 0700) == 0 && chdir("d") == 0) i++; printf("%d\\n", i);', {
        limits,
      }),
      ends: 'exited 0',
      stdout: '3000\n',
    },
    {
      name: 'nothing else can be written',
      plan: sh(
        'for d in / /etc /usr /program /proc /sys /dev /opt /var /run /var/tmp /home /root /mnt; do (echo x > $d/x) 2>/dev/null && echo $d; done; find / -xdev -writable -not -type l 2>/dev/null',
      ),
      ends: ['exited 0', 'exited 1'],
      stdout: /^(\/tmp\n\/box|\/box\n\/tmp)\n$/,
    },
  ]);

  test('a place filled to the brim is wiped for the next run', async () => {
    const source = `${FILL}\nfor d in '/box', '/tmp', '/dev/shm': fill(d, 65536)\nprint('full')`;
    const look = "import os\nfor d in '/box', '/tmp', '/dev/shm': print(os.listdir(d))";
    const fill = python(source, { limits });
    const plan = { ...fill, runs: [...fill.runs, { ...fill.runs[0]!, argv: ['python3', '-c', look] }] };
    const report = await user.run(plan);
    expect(report.failure).toBeNull();
    expect(report.runs.map(stdoutOf)).toEqual(['full\n', "['main.py']\n[]\n[]\n"]);
  });
});

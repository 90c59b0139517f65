import type { LanguagePrograms } from './programs.ts';

export const programs: LanguagePrograms = {
  echo: `
import shutil, sys
shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)
`,
  argumentsAndBytes: `
import os, sys
for argument in sys.argv[1:]:
    sys.stdout.buffer.write(os.fsencode(argument) + b"\\n")
sys.stdout.buffer.write(b"\\x00\\xff\\x80\\n")
`,
  exitSeven: `
import sys
print("before")
print("why", file=sys.stderr)
sys.exit(7)
`,
  signal: {
    code: `
import os
os.abort()
`,
    name: 'SIGABRT',
  },
  broken: { code: 'def f(:\n', verdict: 'runtime_error', says: 'SyntaxError' },
  loop: `
while True:
    pass
`,
  memory: `
kept = []
while True:
    kept.append(b"x" * (1 << 20))
`,
  flood: `
import sys
line = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-\\n"
for _ in range(100):
    sys.stdout.buffer.write(line * 16384)
`,
  forkBomb: {
    code: `
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
`,
    verdicts: ['time_limit', 'wall_time_limit'],
  },
  daemon: `
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(300)
    os._exit(0)
os.wait()
print("left")
`,
  network: `
import socket
try:
    socket.create_connection(("1.1.1.1", 80), timeout=3)
    print("connected")
except OSError:
    print("no network")
`,
  shadow: `
try:
    print(open("/etc/shadow").read())
except OSError:
    print("denied")
`,
};

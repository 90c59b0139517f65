import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import type { SandboxReport } from '../src/index.ts';
import { TEST_LAUNCHER } from '../src/testing/start-test-sandbox.ts';
import { DIFFERENCES, here } from './support/differences.ts';
import { cMain, MIB, python, sh, step } from './support/programs.ts';
import { endingOf, onlyRun, placesOf, processesIn, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

/** Names of the programs that run in the places of a launcher now. One that ends meanwhile throws. */
function programsOf(ownerId: string): string[] {
  const processes = placesOf(ownerId).flatMap((folder) => processesIn(folder));
  return processes.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8'));
}

describe('two runs of one plan', () => {
  test('the second finds nothing of the first: files, processes, sockets, ports', async () => {
    const leave = `
import os, socket, time
for folder in '/box', '/box/d', '/tmp', '/tmp/d', '/dev/shm':
  os.makedirs(folder, exist_ok=True)
  for name in 'f', '.hidden': open(f'{folder}/{name}', 'w').write('secret')
os.symlink('/etc', '/box/link'); os.mkfifo('/tmp/fifo'); os.chmod('/tmp/d', 0); os.chmod('/box/d', 0)
if os.fork() == 0:
  os.setsid()
  s = socket.socket(socket.AF_UNIX); s.bind('\\0name'); s.listen()
  t = socket.create_server(('127.0.0.1', 5555))
  os.write(1, b'listening')
  time.sleep(60)
time.sleep(.05)`;
    const look = `
import os, socket
for folder in '/box', '/tmp', '/dev/shm': print(sorted(os.listdir(folder)), oct(os.stat(folder).st_mode))
print(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()) == [os.getpid()])
print([l for l in open('/proc/net/unix') if '@' in l], len(open('/proc/net/tcp').readlines()))`;
    const report = await user.run({ files: [], runs: [step(['python3', '-c', leave]), step(['python3', '-c', look])] });
    expect(report.failure).toBeNull();
    expect(stdoutOf(report.runs[0])).toBe('listening');
    expect(stdoutOf(report.runs[1])).toBe(
      `[] 0o40700\n[] 0o41777\n[] 0o41777\n${here(DIFFERENCES.seesPid1).onlyOwn}\n[] 1\n`,
    );
  });

  test('folders that cannot be entered, deep trees, many files are wiped in time', async () => {
    const leave = `
import os
os.chdir('/tmp')
for i in range(1500):
  os.mkdir('d'); os.chdir('d')
os.chdir('/box')
for i in range(2000): open(str(i), 'w').close()
os.makedirs('a/b/c'); os.chmod('a/b', 0); os.chmod('a', 0)
os.chmod('/box', 0)`;
    const report = await user.run({
      files: [],
      runs: [step(['python3', '-c', leave]), step(['sh', '-c', 'ls -A /box /tmp; stat -c %a /box'])],
    });
    expect(report.failure).toBeNull();
    expect(report.runs.map(endingOf)).toEqual(['exited 0', 'exited 0']);
    expect(stdoutOf(report.runs[1])).toBe('/box:\n\n/tmp:\n700\n');
  });

  test('/box itself carries no message: attributes, access lists, times, flags', async () => {
    const leave = `
import fcntl, os, struct
os.setxattr('/box', 'user.message', b'hello')
acl = lambda *entries: struct.pack('<I', 2) + b''.join(struct.pack('<HHI', tag, bits, 0xffffffff) for tag, bits in entries)
os.setxattr('/box', 'system.posix_acl_default', acl((1, 7), (4, 7), (32, 7)))
fd = os.open('/box', 0)
fcntl.ioctl(fd, 0x40086602, struct.pack('l', 0x40))
print(len(os.listxattr('/box')), struct.unpack('l', fcntl.ioctl(fd, 0x80086601, bytes(8)))[0] & 0x40)
os.utime('/box', (1, 1))`;
    const look = `
import fcntl, os, struct, time
status = os.stat('/box')
print(os.listxattr('/box'), oct(status.st_mode), time.time() - min(status.st_atime, status.st_mtime) < 60)
print(struct.unpack('l', fcntl.ioctl(os.open('/box', 0), 0x80086601, bytes(8)))[0] & 0x40)
open('/box/f', 'w').close()
print(oct(os.stat('/box/f').st_mode))`;
    const report = await user.run({ files: [], runs: [step(['python3', '-c', leave]), step(['python3', '-c', look])] });
    expect(report.failure).toBeNull();
    expect(report.runs.map(stdoutOf)).toEqual(['2 64\n', `[] 0o40700 True\n0\n0o100644\n`]);
  });

  test('a run that was killed leaves the next one whole', async () => {
    const short = { limits: { wallTimeMs: 300, memoryBytes: 32 * MIB } };
    const hog = ['python3', '-c', 'a = []\nwhile True: a.append(bytearray(1 << 20))'];
    const bomb = ['sh', '-c', 'f() { f | f & }; f; sleep 9'];
    const fine = step(['echo', 'fine']);
    const runs = [
      step(hog, short),
      fine,
      step(bomb, short),
      fine,
      step(['sleep', '9'], short),
      fine,
      step(['yes']),
      fine,
    ];
    const report = await user.run({ files: [], runs });
    expect(report.failure).toBeNull();
    expect(report.runs.filter((_, index) => index % 2 === 1).map((run) => [endingOf(run), stdoutOf(run)])).toEqual(
      Array.from({ length: 4 }, () => ['exited 0', 'fine\n']),
    );
    expect([0, 4, 6].map((index) => endingOf(report.runs[index]))).toEqual([
      'memory_limit',
      'wall_limit',
      'output_limit',
    ]);
  });
});

describe('two sandboxes at once', () => {
  test("L4: a lock or a lease on a file of the root is nobody else's", async () => {
    const lock = `
import fcntl, os, time
for name in '/usr/bin/env', '/etc/passwd':
  fd = os.open(name, os.O_RDONLY)
  for how in fcntl.flock, lambda fd, kind: fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB):
    try: how(fd, fcntl.LOCK_EX | fcntl.LOCK_NB); print('locked')
    except OSError as e: print('busy', e.errno)
time.sleep(.6)`;
    const reports = await Promise.all([1, 2].map(() => user.run(python(lock))));
    expect(reports.map((report) => stdoutOf(onlyRun(report)))).toEqual(['locked\n'.repeat(4), 'locked\n'.repeat(4)]);
  });

  test("L4: a lock on /dev, on a device or on a masked file of /proc is nobody else's", async () => {
    const names = ['/dev', '/dev/null', '/dev/urandom', '/dev/shm', '/proc/keys', '/proc/irq'];
    const each = (body: string) => `
import fcntl, os, struct
for name in ${JSON.stringify(names)}:
  fd = os.open(name, os.O_RDONLY)
${body}`;
    // Shared ones, because within a place all masks are one file. The locks outlive exec, and its name tells of them.
    const hold = each(`
  os.set_inheritable(fd, True)
  fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
  fcntl.lockf(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
os.execvp('sleep', ['sleep', '60'])`);
    const look = each(`
  region = fcntl.fcntl(fd, fcntl.F_GETLK, struct.pack('hhqqi0q', fcntl.F_WRLCK, 0, 0, 0, 0))
  if struct.unpack('hhqqi0q', region)[0] != fcntl.F_UNLCK: print('fcntl', name)
  try: fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
  except BlockingIOError: print('flock', name)
  os.close(fd)
print('looked')`);
    const stop = new AbortController();
    const limits = { wallTimeMs: 60_000 };
    const holder = user.run(python(hold, { limits }), stop.signal);
    try {
      await vi.waitFor(() => expect(programsOf(user.test().ownerId)).toContain('sleep\n'), { timeout: 20_000 });
      expect(stdoutOf(onlyRun(await user.run(python(look, { limits }))))).toBe('looked\n');
    } finally {
      stop.abort();
      await holder;
    }
  });

  /** All look at the time given, if they are there by then. */
  const MEET = `
import os, socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind('\\0meeting'); s.listen()
t = socket.create_server(('127.0.0.1', 5555))
for folder in '/box', '/tmp', '/dev/shm': open(f'{folder}/x', 'x').write('mine')
meeting = float(sys.argv[1])
print('late' if time.time() > meeting else 'there')
time.sleep(max(0, meeting - time.time()))
print(os.getuid(), sorted(int(n) for n in os.listdir('/proc') if n.isdigit()) == [os.getpid()], os.getpid())
print(sum('@' in l for l in open('/proc/net/unix')))
time.sleep(.4)`;

  /** What each of four programs prints that were there at the same time, however long they take to start. */
  async function meet(): Promise<string[][]> {
    for (let startMs = 500; ; startMs *= 2) {
      const run = { args: [String((Date.now() + startMs) / 1000)], limits: { wallTimeMs: 60_000 } };
      const reports = await Promise.all([1, 2, 3, 4].map(() => user.run(python(MEET, run))));
      const texts = reports.map((report) => stdoutOf(onlyRun(report)).split('\n'));
      if (texts.every(([first]) => first === 'there')) return texts.map((lines) => lines.slice(1));
      expect(startMs).toBeLessThan(20_000);
    }
  }

  test("F6: what one takes of the kernel's quotas per user, the other has all the same", async () => {
    const take = `
import ctypes, os, time
libc = ctypes.CDLL(None, use_errno=True)
def timers():
  n = 0
  timer = ctypes.c_void_p()
  while n < 2000 and libc.timer_create(1, None, ctypes.byref(timer)) == 0: n += 1
  return n
def pipes():
  import fcntl
  try: return fcntl.fcntl(os.pipe()[0], 1032)
  except OSError as e: return e.errno
print(timers(), pipes())
time.sleep(.6)`;
    const reports = await Promise.all([1, 2].map(() => user.run(python(take))));
    expect(reports.map((report) => stdoutOf(onlyRun(report)))).toEqual(['256 65536\n', '256 65536\n']);
  });

  test('do not see each other, and differ in uid', async () => {
    const lines = await meet();
    expect(lines.map(([, sockets]) => sockets)).toEqual(['1', '1', '1', '1']);
    const uids = lines.map(([first]) => first?.split(' ')[0]);
    expect(new Set(uids).size).toBe(4);
    expect(lines.every(([first]) => first?.split(' ')[1] === here(DIFFERENCES.seesPid1).onlyOwn)).toBe(true);
  });

  test('a uid is free for the next, and finds nothing', async () => {
    const leave = onlyRun(await user.run(sh('id -u; echo x > /tmp/x; echo x > /dev/shm/x; echo x > x; sleep 60 &')));
    for (let round = 0; round < 3; round += 1) {
      const next = onlyRun(await user.run(sh('id -u; ls -A /tmp /dev/shm /box /program')));
      expect(stdoutOf(next).split('\n').slice(1).join(' ')).toBe('/box:  /dev/shm:  /program:  /tmp: ');
    }
    expect(Number(stdoutOf(leave))).toBeGreaterThanOrEqual(200_000);
  });

  // In docker the kernel's own bounds for the whole host are all there is.
  test.runIf(TEST_LAUNCHER === 'native')('sockets hold no more than 16 MiB of the memory that all share', async () => {
    const fill = `
import os, socket, time
def pages():
  lines = [line.split() for line in open('/proc/net/sockstat')]
  return sum(int(line[line.index('mem') + 1]) for line in lines if line[0] in ('TCP:', 'UDP:'))
before = pages()
for _ in range(8):
  if os.fork() == 0:
    mine = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(50)]
    for s in mine:
      s.bind(('127.0.0.1', 0)); s.setblocking(False)
      s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
      try:
        for _ in range(40): s.sendto(bytes(32768), s.getsockname())
      except OSError: pass
    os.write(1, b'.')
    time.sleep(9)
time.sleep(.8)
print((pages() - before) * os.sysconf('SC_PAGE_SIZE') >> 20)
os.kill(-1, 9)`;
    const run = onlyRun(await user.run(python(fill, { limits: { memoryBytes: 128 * MIB } })));
    const [dots, mebibytes] = stdoutOf(run).split(/(\d+)/);
    expect(dots).toMatch(/^\.+$/);
    expect(Number(mebibytes)).toBeGreaterThan(4);
    expect(Number(mebibytes)).toBeLessThanOrEqual(20);
  });

  test('a hostile one does not harm its neighbour', async () => {
    const limits = { wallTimeMs: 1500, cpuTimeMs: 1500, processes: 64, memoryBytes: 64 * MIB };
    const hostile = [
      cMain('for (;;) fork();', { limits }),
      cMain('for (;;) { char *p = malloc(1 << 20); if (p) memset(p, 1, 1 << 20); }', { limits }),
      cMain('for (;;) write(1, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 32);', { limits }),
    ].map((plan) => user.run(plan));
    const fine: SandboxReport[] = [];
    for (let round = 0; round < 10; round += 1)
      fine.push(await user.run(python('print(sum(range(1000)))', { limits: { wallTimeMs: 10_000 } })));
    expect(fine.map((report) => stdoutOf(onlyRun(report)))).toEqual(fine.map(() => '499500\n'));
    for (const report of await Promise.all(hostile)) expect(report.failure).toBeNull();
  });

  test('48 at once: each its own right answer', async () => {
    const numbers = Array.from({ length: 48 }, (_, index) => index);
    const limits = { wallTimeMs: 30_000 };
    const reports = await Promise.all(
      numbers.map((number) =>
        user.run(
          sh('cat; echo $1 >&2; exit $1', { args: [String(number)], stdin: Buffer.from(`in ${number}`), limits }),
        ),
      ),
    );
    expect(reports.map((report) => [endingOf(onlyRun(report)), stdoutOf(onlyRun(report))])).toEqual(
      numbers.map((number) => [`exited ${number}`, `in ${number}`]),
    );
  });
});

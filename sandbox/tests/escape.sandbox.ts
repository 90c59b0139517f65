import { describe, expect, test } from 'vitest';
import { DIFFERENCES, here } from './support/differences.ts';
import { testPrograms } from './support/program-case.ts';
import { cMain, MIB, python, sh } from './support/programs.ts';
import { endingOf, onlyRun, stdoutOf, useSandbox } from './support/use-sandbox.ts';

const user = useSandbox();

/** Python statements to try, each in a process of its own, and what must come of them: the name of an errno, or text. */
type Attempt = readonly [name: string, statements: string, expected: string | RegExp];

const PRELUDE = `
import os, sys, json, errno, socket, ctypes, signal, struct, time, resource, fcntl
libc = ctypes.CDLL(None, use_errno=True)
def call(name, *args):
  r = getattr(libc, name)(*args)
  if r == -1: raise OSError(ctypes.get_errno(), name)
  return r
def syscall(number, *args): return call('syscall', number, *args)
def read(path): return open(path).read()
def attempt(statements):
  r, w = os.pipe()
  pid = os.fork()
  if pid == 0:
    os.close(r)
    said = []
    try:
      exec(statements, {**globals(), 'say': lambda x: said.append(str(x))})
      text = ' '.join(said) or 'DONE'
    except OSError as e: text = errno.errorcode.get(e.errno, str(e))
    except Exception as e: text = repr(e)
    os.write(w, text.encode())
    os._exit(0)
  os.close(w)
  text = b''
  while piece := os.read(r, 65536): text += piece
  os.close(r)
  _, status = os.waitpid(pid, 0)
  return text.decode() or 'signal ' + str(os.WTERMSIG(status))
for statements in json.load(open('attempts.json')): print(json.dumps(attempt(statements)))
`;

async function tryAll(attempts: readonly Attempt[]): Promise<Map<string, string>> {
  const plan = python(PRELUDE, {
    limits: { wallTimeMs: 15_000, cpuTimeMs: 15_000, outputBytes: MIB, memoryBytes: 128 * MIB },
  });
  const data = {
    path: 'attempts.json',
    mode: 0o644,
    content: Buffer.from(JSON.stringify(attempts.map(([, code]) => code))),
  };
  const run = onlyRun(await user.run({ ...plan, files: [...plan.files, data] }));
  expect(endingOf(run)).toBe('exited 0');
  const lines = stdoutOf(run).trim().split('\n');
  return new Map(attempts.map(([name], index) => [name, JSON.parse(lines[index] ?? 'null') as string]));
}

/** Those of a kernel that has them all; what is not there cannot be read either. */
const HIDDEN_FILES =
  'kcore keys key-users timer_list sched_debug kmsg latency_stats sysrq-trigger kallsyms config.gz interrupts softirqs cmdline kpagecount kpageflags kpagecgroup locks diskstats partitions vmstat schedstat buddyinfo zoneinfo pagetypeinfo slabinfo vmallocinfo iomem ioports modules mdstat sys/kernel/random/boot_id';

function testAttempts(title: string, attempts: readonly Attempt[]): void {
  test.each([title])('%s', async () => {
    const results = await tryAll(attempts);
    const wrong = attempts.flatMap(([name, , expected]) => {
      const found = results.get(name) ?? '';
      const isRight = typeof expected === 'string' ? found === expected : expected.test(found);
      return isRight ? [] : [`${name}: ${found}, expected ${String(expected)}`];
    });
    expect(wrong).toEqual([]);
  });
}

const DENIED = /^(EACCES|EPERM|ENOENT|EROFS)$/;

describe('files of the system', () => {
  testAttempts('secrets cannot be read, nothing outside can be written', [
    ['shadow', "say(read('/etc/shadow'))", DENIED],
    ['gshadow', "say(read('/etc/gshadow'))", DENIED],
    ['root home', "say(os.listdir('/root'))", /^(EACCES|ENOENT|\[\])$/],
    ...['/', '/etc', '/usr', '/usr/bin', '/opt', '/var', '/dev', '/sys', '/home'].map((folder): Attempt => [
      `write ${folder}`,
      `open('${folder}/x', 'w')`,
      /^(EACCES|EROFS)$/,
    ]),
    ['write /program', "open('/program/x', 'w')", 'EACCES'],
    ['write /proc', "open('/proc/x', 'w')", /^(EACCES|ENOENT|EROFS)$/],
    ['change a program of the system', "open('/usr/bin/python3', 'r+')", /^(EROFS|EACCES|ETXTBSY)$/],
    ['core pattern', "open('/proc/sys/kernel/core_pattern', 'w')", /^(EACCES|EROFS)$/],
    ['sysrq', "open('/proc/sysrq-trigger', 'w')", /^(EACCES|EROFS|ENOENT)$/],
    ['remount /', "call('mount', b'none', b'/', None, 32, None)", 'EPERM'],
    ['mount tmpfs', "call('mount', b'none', b'/tmp', b'tmpfs', 0, None)", 'EPERM'],
    ['umount /proc', "call('umount2', b'/proc', 2)", 'EPERM'],
    ['chroot', "os.chroot('/tmp')", 'EPERM'],
    ['pivot_root', "syscall(155, b'/', b'/tmp')", 'EPERM'],
    ['block device', "os.mknod('/box/sda', 0o60666, os.makedev(8, 0))", 'EPERM'],
    ['character device', "os.mknod('/box/mem', 0o20666, os.makedev(1, 1))", 'EPERM'],
    ['devices', "say(sorted(os.listdir('/dev')))", here(DIFFERENCES.devices)],
    ['/sys', "say(os.listdir('/sys'))", here(DIFFERENCES.sys)],
    ['open by handle', "syscall(304, -100, b'', 0)", /^(EPERM|EFAULT|EBADF|EINVAL)$/],
  ]);
});

describe('processes', () => {
  testAttempts('PID 1 cannot be touched, others cannot be seen', [
    ['kill 1', 'os.kill(1, 9)', 'EPERM'],
    ['stop 1', 'os.kill(1, signal.SIGSTOP)', 'EPERM'],
  ]);

  testAttempts('F7: PID 1 cannot be traced or read', [
    ['ptrace attach 1', "call('ptrace', 16, 1, 0, 0)", 'EPERM'],
    ['ptrace seize 1', "call('ptrace', 0x4206, 1, 0, 0)", 'EPERM'],
    ['memory of 1', "open('/proc/1/mem', 'r+b')", DENIED],
    ['environment of 1', "say(read('/proc/1/environ'))", DENIED],
    ['files of 1', "say(os.listdir('/proc/1/fd'))", DENIED],
    ['root of 1', "say(os.listdir('/proc/1/root'))", DENIED],
    ['status of 1', "say(read('/proc/1/status'))", here(DIFFERENCES.seesPid1).status],
    ['limits of 1', 'resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))', 'EPERM'],
    [
      'read memory of 1',
      'b = ctypes.create_string_buffer(64); iov = (ctypes.c_void_p * 2)(ctypes.addressof(b), 64); syscall(310, 1, ctypes.byref(iov), 1, ctypes.byref(iov), 1, 0)',
      /^(EPERM|EFAULT)$/,
    ],
    ['pidfd_getfd of 1', 'fd = syscall(434, 1, 0); syscall(438, fd, 0, 0)', 'EPERM'],
    ['priority of 1', 'os.setpriority(os.PRIO_PROCESS, 1, 19)', /^(EPERM|EACCES)$/],
    ['affinity of 1', 'os.sched_setaffinity(1, {0})', 'EPERM'],
    [
      'processes',
      "say(sorted(int(n) for n in os.listdir('/proc') if n.isdigit()) == sorted({os.getpid(), os.getppid()}))",
      here(DIFFERENCES.seesPid1).onlyOwn,
    ],
    ['threads of the kernel', "say(os.path.exists('/proc/2'))", /^(True|False)$/],
    ['own descriptors', "say(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:3])", '[0, 1, 2]'],
  ]);

  testPrograms(user, [
    {
      name: 'only 0, 1 and 2 are open',
      plan: cMain('for (int i = 0; i < 4096; i++) if (fcntl(i, F_GETFD) >= 0) printf("%d ", i);'),
      ends: 'exited 0',
      stdout: '0 1 2 ',
    },
    {
      name: 'kill -1 kills only the own ones',
      plan: cMain(
        'for (int i = 0; i < 3; i++) if (fork() == 0) pause(); usleep(20000); printf("%d\\n", kill(-1, 9)); int n = 0; while (wait(0) > 0) n++; printf("%d\\n", n);',
      ),
      ends: 'exited 0',
      stdout: '0\n3\n',
    },
    {
      name: 'kill -1 of a shell with children',
      plan: sh('sleep 9 & sleep 9 & kill -9 -1; wait; echo here'),
      ends: 'exited 0',
      stdout: 'here\n',
    },
    {
      name: 'kill 1 in a loop does not help it',
      plan: cMain('for (;;) { kill(1, SIGKILL); kill(1, SIGSTOP); kill(1, SIGTERM); }', {
        limits: { wallTimeMs: 300 },
      }),
      ends: 'wall_limit',
    },
    {
      name: 'the parent is PID 1, whatever the program does',
      plan: cMain('printf("%d %d\\n", getppid(), getsid(0) == getpid());'),
      ends: 'exited 0',
      stdout: '1 1\n',
    },
  ]);
});

describe('privileges', () => {
  testAttempts('there are none, and none to be had', [
    [
      'uid',
      'say([len({*os.getresuid(), *os.getresgid()}), 200000 <= os.getuid() < 210000, os.getgroups()])',
      '[1, True, []]',
    ],
    [
      'capabilities',
      "say([l.split()[1] for l in read('/proc/self/status').splitlines() if l.startswith(('CapInh', 'CapPrm', 'CapEff', 'CapAmb'))])",
      "['0000000000000000', '0000000000000000', '0000000000000000', '0000000000000000']",
    ],
    [
      'no new privileges',
      "say([l.split()[1] for l in read('/proc/self/status').splitlines() if l.startswith('NoNewPrivs')])",
      "['1']",
    ],
    ['setuid 0', 'os.setuid(0)', 'EPERM'],
    ['setuid of a neighbour', 'os.setuid(os.getuid() + 1)', 'EPERM'],
    ['setgroups', 'os.setgroups([0])', 'EPERM'],
    ['chown', "open('/box/f', 'w'); os.chown('/box/f', 0, 0)", 'EPERM'],
    ['nice', 'os.nice(-5)', 'EPERM'],
    ['real time', 'os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))', 'EPERM'],
    ['oom score', "os.write(os.open('/proc/self/oom_score_adj', 1), b'-1')", 'EACCES'],
    ['host name', "socket.sethostname('x')", 'EPERM'],
    ['clock', 'time.clock_settime(time.CLOCK_REALTIME, 0)', 'EPERM'],
    ['reboot', "call('reboot', 0x01234567)", 'EPERM'],
    ['module', "syscall(175, 0, 0, b'')", /^(EPERM|ENOSYS)$/],
    ['kernel log', "call('klogctl', 3, ctypes.create_string_buffer(99), 99)", 'EPERM'],
    ['raw socket', 'socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)', 'EPERM'],
    ['packet socket', 'socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)', 'EAFNOSUPPORT'],
    ['namespace of users', "call('unshare', 0x10000000)", 'EPERM'],
    ['namespace of mounts', "call('unshare', 0x20000)", 'EPERM'],
    ['namespace of processes', "call('unshare', 0x20000000)", 'EPERM'],
    ['namespace of PID 1', "call('setns', os.open('/proc/1/ns/mnt', 0), 0)", DENIED],
    ['io ports', "call('iopl', 3)", /^(EPERM|ENOSYS)$/],
    ['bpf', 'syscall(321, 0, 0, 0)', /^(EPERM|EINVAL)$/],
    ['swap', "call('swapoff', b'/box')", 'EPERM'],
    ['quota', "call('quotactl', 0, b'/box', 0, 0)", /^(EPERM|ENOSYS|ENOTBLK|EINVAL|ESRCH|ENODEV|ENOENT)$/],
  ]);

  testPrograms(user, [
    {
      name: 'no setuid, setgid or capable file in the root',
      plan: sh('find / -xdev -type f -perm /6000 2>/dev/null; getcap -r / 2>/dev/null; exit 0'),
      ends: 'exited 0',
      stdout: '',
    },
    {
      name: 'su, mount, passwd',
      plan: sh('su -c id; mount -t tmpfs none /tmp; passwd; true', { limits: { wallTimeMs: 3000 } }),
      ends: 'exited 0',
      stdout: /^((?!uid=0).)*$/s,
    },
    {
      name: 'a setuid file of its own',
      plan: sh('cp /usr/bin/id id && chmod 6755 id && ./id -u | grep -c ^2'),
      ends: 'exited 0',
      stdout: '1\n',
    },
    {
      name: '/tmp and /dev/shm start no program',
      plan: sh('for d in /tmp /dev/shm; do cp /bin/true $d/t; $d/t 2>/dev/null; echo $?; done'),
      ends: 'exited 0',
      stdout: '126\n126\n',
    },
    { name: '/box starts programs', plan: sh('cp /bin/echo e; ./e yes'), ends: 'exited 0', stdout: 'yes\n' },
  ]);
});

/** Python that says how a connection fails, and whether that took less than 0.1 s. */
function connect(family: string, address: string): string {
  return `t = time.monotonic()
try: socket.socket(socket.${family}).connect(${address})
except OSError as e: say(errno.errorcode[e.errno])
say(time.monotonic() - t < 0.1)`;
}

describe('network', () => {
  testAttempts('there is none but the loopback of its own', [
    ['internet', connect('AF_INET', "('1.1.1.1', 80)"), 'ENETUNREACH True'],
    ['metadata', connect('AF_INET', "('169.254.169.254', 80)"), 'ENETUNREACH True'],
    ['private 10', connect('AF_INET', "('10.0.0.1', 80)"), 'ENETUNREACH True'],
    ['private 172', connect('AF_INET', "('172.17.0.1', 2375)"), 'ENETUNREACH True'],
    ['private 192', connect('AF_INET', "('192.168.1.1', 53)"), 'ENETUNREACH True'],
    ['IPv6', connect('AF_INET6', "('2606:4700:4700::1111', 80)"), /^(ENETUNREACH|EADDRNOTAVAIL) True$/],
    ['datagram', "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('8.8.8.8', 53))", 'ENETUNREACH'],
    [
      'broadcast',
      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1); s.sendto(b'x', ('255.255.255.255', 53))",
      'ENETUNREACH',
    ],
    [
      'names',
      "t = time.monotonic()\ntry: socket.getaddrinfo('example.com', 80)\nexcept socket.gaierror: say('no name')\nsay(time.monotonic() - t < 1)",
      'no name True',
    ],
    ['interfaces', "say([l.split(':')[0].strip() for l in read('/proc/net/dev').splitlines()[2:]])", "['lo']"],
    ['interfaces by netlink', 'say(socket.if_nameindex())', 'EAFNOSUPPORT'],
    ['no service of the host', connect('AF_INET', "('127.0.0.1', 22)"), 'ECONNREFUSED True'],
    ['no abstract socket of the host', "say([l for l in read('/proc/net/unix').splitlines()[1:] if '@' in l])", '[]'],
    [
      'own loopback',
      `
s = socket.create_server(('127.0.0.1', 0))
if os.fork() == 0:
  socket.create_connection(s.getsockname()).sendall(b'hello'); os._exit(0)
say(s.accept()[0].recv(9))`,
      "b'hello'",
    ],
    [
      'own loopback, IPv6',
      "s = socket.create_server(('::1', 0), family=socket.AF_INET6); say('ok')",
      /^(ok|EADDRNOTAVAIL|EAFNOSUPPORT)$/,
    ],
    ['low port', "socket.create_server(('127.0.0.1', 80)); say('ok')", /^(ok|EACCES)$/],
    [
      'bring an interface up',
      "import fcntl; fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 0))",
      'EPERM',
    ],
  ]);

  test('bash and its /dev/tcp', async () => {
    const run = onlyRun(await user.run(sh("bash -c 'echo > /dev/tcp/1.1.1.1/80' 2>&1; exit 0")));
    expect(stdoutOf(run)).toMatch(/Network is unreachable/);
    expect(run.usage.wallTimeMs).toBeLessThan(3000);
  });
});

describe('what a program learns about the host', () => {
  testAttempts('next to nothing', [
    ['host name', 'say(socket.gethostname())', 'runyard'],
    [
      'control groups',
      "say(all(l.split(':')[2] == '/' for l in read('/proc/self/cgroup').splitlines() if l.split(':')[1] in ('memory', 'pids', 'cpu', 'cpuacct')))",
      'True',
    ],
    [
      'F20: paths of ours in mounts',
      "say([f'runyard' in read(f'/proc/self/{name}') for name in ('mounts', 'mountinfo', 'mountstats')])",
      here(DIFFERENCES.mounts),
    ],
    [
      'F20: kernel, devices and what neighbours lock, read and page',
      `
found = []
for name in '${HIDDEN_FILES}'.split():
  try: text = read('/proc/' + name)
  except OSError: text = ''
  if text: found.append(name)
say(found)`,
      '[]',
    ],
    [
      'F20: pressure, drivers and file systems of the host',
      "say([os.listdir('/proc/' + name) for name in ('acpi', 'scsi', 'bus', 'fs', 'irq', 'pressure', 'driver') if os.path.isdir('/proc/' + name) and os.listdir('/proc/' + name)])",
      here(DIFFERENCES.procFolders),
    ],
    [
      'what runtimes need',
      "say(all(read('/proc/' + name) for name in ('cpuinfo', 'meminfo', 'stat', 'version', 'self/maps', 'sys/vm/overcommit_memory')))",
      'True',
    ],
    [
      'users',
      "say([l.split(':')[0] for l in read('/etc/passwd').splitlines() if not (l.endswith(('nologin', 'false', 'sync')) or 200000 <= int(l.split(':')[2]) < 210000)])",
      "['root']",
    ],
    [
      'own umask and folder',
      "say([oct(os.umask(0)), os.getcwd(), oct(os.stat('/box').st_mode), os.stat('/box').st_uid == os.getuid()])",
      "['0o22', '/box', '0o40700', True]",
    ],
  ]);
});

import { hostname } from 'node:os';
import type { AbuseCase, World } from '../../case.ts';
import { bash, c } from '../../programs.ts';

/** What every place sets for every program; a language may add its own. */
const KNOWN_VARIABLES = new Set([
  'PATH',
  'HOME',
  'LANG',
  'LC_ALL',
  'PWD',
  'SHLVL',
  '_',
  'OLDPWD',
  'TMPDIR',
  'USER',
  'LOGNAME',
  'TZ',
]);

const DUMP = `
for variable in $(compgen -e); do echo "variable $variable"; done
echo "host name $(cat /proc/sys/kernel/hostname)"; hostname; cat /proc/sys/kernel/domainname
cat /etc/hostname /etc/hosts /etc/resolv.conf /etc/machine-id 2>/dev/null
cat /proc/self/environ /proc/self/cgroup /proc/self/cmdline /proc/1/environ /proc/1/cmdline /proc/1/cgroup 2>/dev/null | tr '\\0' '\\n'
cat /proc/cmdline /proc/self/uid_map 2>/dev/null
ls -la / /opt /run /var /tmp /box /program /home /srv /mnt 2>/dev/null
exit 0`;
const MOUNTS = 'cat /proc/self/mounts /proc/self/mountinfo';

/** Text of ours or of this host that no program may see. */
function tellTales({ serverPid }: World): readonly string[] {
  return [
    ...(hostname().length > 3 ? [hostname()] : []),
    process.cwd(),
    `pid ${serverPid}`,
    'runyard-test-', // data folder
    '/var/lib/runyard',
    '/var/cache/runyard',
    '/run/runyard',
    'dynamodb',
    'sqs',
    'localstack',
    'AWS_',
    'RUNYARD_',
    'DOCKER_HOST',
    'firecracker',
  ];
}

/** A container's id, or what is named after one. */
const CONTAINER_ID = /\b[0-9a-f]{64}\b|\b[0-9a-f]{12}\b/;

/** Random and of one use, like a uid; what is asked is that it leads nowhere. */
const GVISOR_CGROUP = /^\d+:[a-z]+:\/[0-9a-f]{64}$|\/sys\/fs\/cgroup\/[a-z]+ rw - cgroup/;

function said(world: World, text: string): readonly string[] {
  const lines = text.split('\n');
  const tales = tellTales(world).filter((tale) => text.includes(tale));
  const ids = lines.filter(
    (line) => CONTAINER_ID.test(line) && !(world.launcher === 'runsc' && GVISOR_CGROUP.test(line)),
  );
  return [
    ...tales.map((tale) => `tells ${tale}: ${lineWith(lines, tale)}`),
    ...ids.map((line) => `tells an id: ${line}`),
  ];
}

function lineWith(lines: readonly string[], part: string): string {
  return lines.find((line) => line.includes(part)) ?? '';
}

async function dumpEverything(world: World): Promise<readonly string[]> {
  const { run, compare } = world;
  const seen = await run(bash(DUMP));
  const text = String(seen.stdout);
  const variables = [...text.matchAll(/^variable (.*)$/gm)].map(([, name]) => name ?? '');
  const more = variables.filter((name) => !KNOWN_VARIABLES.has(name));
  return [
    ...compare(seen, { verdicts: ['ok'] }),
    ...more.map((name) => `variable ${name}`),
    ...(text.includes('\nhost name runyard\n') ? [] : ['the host name is not the constant one']),
    ...said(world, text),
  ];
}

async function showMounts(world: World): Promise<readonly string[]> {
  const seen = await world.run(bash(MOUNTS));
  return [...world.compare(seen, { verdicts: ['ok'] }), ...said(world, String(seen.stdout))];
}

/** The engine's overlay: its own table of mounts cannot be masked without breaking programs that read it. */
async function showMountsOfEngine(world: World): Promise<readonly string[]> {
  const seen = await world.run(bash(`${MOUNTS} | grep -v -E ' / |^[^ ]+ / | /etc/(hosts|hostname|resolv.conf) '`));
  return [...world.compare(seen, { verdicts: ['ok'] }), ...said(world, String(seen.stdout))];
}

/** Each address is tried five times and the fastest counts, since a loaded host may hold up any single one. */
const CONNECT = `static void try(const char *what, const char *address, int port) {
  long least = 1000000;
  int error = 0;
  for (int i = 0; i < 5; i++) {
    struct timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (strchr(address, ':')) {
      struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
      inet_pton(AF_INET6, address, &to.sin6_addr);
      error = connect(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
    } else {
      struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
      inet_pton(AF_INET, address, &to.sin_addr);
      error = connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&to, sizeof to) == 0 ? 0 : errno;
    }
    clock_gettime(CLOCK_MONOTONIC, &after);
    long took = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
    if (took < least) least = took;
  }
  printf("%s %s %s\\n", what, error == 0 ? "CONNECTED" : strerrorname_np(error), least < 100 ? "at once" : "late");
}
int main(int argc, char **argv) {
  try("metadata", "169.254.169.254", 80);
  try("metadata-of-containers", "169.254.170.2", 80);
  try("metadata6", "fd00:ec2::254", 80);
  try("private10", "10.0.0.1", 22);
  try("private172", "172.17.0.1", 2375);
  try("private192", "192.168.1.1", 53);
  try("resolver", "8.8.8.8", 53);
  try("internet", "1.1.1.1", 443);
  try("internet6", "2606:4700:4700::1111", 443);
  try("any", "0.0.0.0", atoi(argv[1]));
  try("loopback-api", "127.0.0.1", atoi(argv[1]));
  try("loopback-ssh", "127.0.0.1", 22);
}`;
const UNREACHABLE = '(ENETUNREACH|EADDRNOTAVAIL|EAFNOSUPPORT|EHOSTUNREACH)';
const BASH_TCP = `
for target in tcp/169.254.169.254/80 tcp/10.0.0.1/80 udp/8.8.8.8/53; do
  (echo x > /dev/$target) 2>/dev/null && [ "\${target%%/*}" = tcp ] && echo "reached $target"
done
getent hosts example.com metadata.google.internal && echo resolved
awk 'NR > 2 { print $1 }' /proc/net/dev
exit 0`;

async function connectSomewhere({ run, compare, url }: World): Promise<readonly string[]> {
  const seen = await run(c(CONNECT, { args: [new URL(url).port], limits: { wallTimeMs: 20_000 } }));
  const refused = /^(any|loopback-api|loopback-ssh) ECONNREFUSED at once$/;
  const unreachable = new RegExp(`^[a-z0-9-]+ ${UNREACHABLE} at once$`);
  return [
    ...compare(seen, { verdicts: ['ok'], stdout: /^(.*\n){12}$/ }),
    ...String(seen.stdout)
      .trimEnd()
      .split('\n')
      .filter((line) => !refused.test(line) && !unreachable.test(line)),
  ];
}

const OWN_ONLY = `
for folder in /proc/[0-9]*; do
  pid=\${folder#/proc/}
  [ -r "$folder/environ" ] && [ "$(stat -c %u "$folder" 2>/dev/null)" != "$(id -u)" ] && echo "readable: $pid"
done
ls /proc | grep -E '^[0-9]+$' | while read -r pid; do
  [ -d /proc/$pid ] && [ "$pid" != 1 ] && [ "$(stat -c %u /proc/$pid)" != "$(id -u)" ] && echo "process $pid"
done
find / -xdev -user "$(id -u)" ! -path '/box*' ! -path '/tmp*' ! -path '/proc*' ! -path '/dev/*' 2>/dev/null
find / -maxdepth 3 -user +200000 ! -user "$(id -u)" 2>/dev/null
who 2>/dev/null
awk -F: '$3 >= 1000 && $3 < 60000 { print "user " $1 }' /etc/passwd
exit 0`;

const LOADED = bash('for i in 1 2 3; do sleep 30 & done; sleep 1.5; kill %1 %2 %3; exit 0', {
  limits: { wallTimeMs: 20_000 },
});

export const ENVIRONMENT_CASES: readonly AbuseCase[] = [
  {
    id: 'L1',
    title: 'environment, PID 1, mounts, control groups, host name',
    tags: ['fast', 'full'],
    expected: 'constants only: no id, no path, no name of ours or of the host',
    acts: [
      { name: 'dump', script: dumpEverything },
      { name: 'mounts', script: showMounts },
    ],
    deviates: {
      docker: {
        decision:
          "The engine's overlay names its folders on the host in the table of mounts, as do its three files in /etc. Paths only: nothing there can be opened from inside, and programs need the table.",
        acts: [
          { name: 'dump', script: dumpEverything },
          { name: 'mounts', script: showMountsOfEngine },
        ],
      },
      runsc: {
        decision:
          "gVisor makes control groups of its own and names them after the container: a random id of one use, by which nothing can be asked. The engine's paths are not visible.",
      },
    },
  },
  {
    id: 'L2',
    title: "connect to the cloud's metadata, private ranges, resolvers, our own API",
    tags: ['fast', 'full'],
    expected: 'fails within 100 ms',
    acts: [
      { name: 'C', script: connectSomewhere },
      {
        name: 'bash and its /dev/tcp',
        job: bash(BASH_TCP, { limits: { wallTimeMs: 20_000 } }),
        expect: { verdicts: ['ok'], stdout: 'lo:\n' },
      },
    ],
  },
  {
    id: 'L5',
    title: 'list processes, users, folders of other jobs while one runs',
    tags: ['full'],
    expected: 'only its own',
    acts: [
      {
        together: [
          { name: 'neighbour', job: LOADED, expect: { verdicts: ['ok'] } },
          {
            name: 'looks',
            job: bash(`sleep 0.5\n${OWN_ONLY}`, { limits: { wallTimeMs: 20_000 } }),
            expect: { verdicts: ['ok'], stdout: '' },
          },
        ],
      },
    ],
  },
];

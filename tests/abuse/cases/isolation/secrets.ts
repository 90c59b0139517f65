import { hostname } from 'node:os';
import type { AbuseCase, World } from '../../case.ts';
import { bash, cMain, MIB, python, submission } from '../../programs.ts';
import type { Submission } from '../../../support/client.ts';

/** What a reply must never hold: places of ours and of the host, and the marks of a stack trace. */
const LEAKS = [
  /\/work\/|\/root\/|\/var\/lib\/runyard|\/var\/cache\/runyard|\/run\/runyard|runyard-test-/,
  /node_modules|node:internal|\.ts:\d+|\.js:\d+:\d+\)|^\s+at .+\(.+:\d+:\d+\)/m,
  /docker\.sock|containerd|\bECONNREFUSED\b|\bENOENT\b|dockerd/,
];

function leaksIn(text: string): readonly string[] {
  const host = hostname();
  return [
    ...LEAKS.flatMap((leak) =>
      leak.test(text) ? [`the reply holds ${leak.exec(text)?.[0]}: ${text.slice(0, 300)}`] : [],
    ),
    ...(text.includes(process.cwd()) || (host.length > 3 && text.includes(host))
      ? [`the reply names this host: ${text.slice(0, 300)}`]
      : []),
  ];
}

const SMALL = { memoryBytes: 4 * MIB };
/** Jobs that end before or while something of ours starts them. */
const FAILING: readonly Submission[] = [
  submission('java', 'public class Main { public static void main(String[] a) {} }', { limits: { processes: 1 } }),
  submission('java', 'public class Main { public static void main(String[] a) {} }', { limits: SMALL }),
  submission('javascript', 'console.log(1)', { limits: SMALL }),
  submission('python', 'print(1)', { limits: { openFiles: 16, memoryBytes: 4 * MIB } }),
  submission('go', 'package main\nfunc main() {}', { limits: { compile: { processes: 1 } } }),
  submission('c', 'int main() {}', { limits: { compile: SMALL } }),
  submission('c', 'int main() {}', { limits: { compile: { fileBytes: 1 } } }),
  submission('c', 'int main() {}', { limits: { compile: { wallTimeMs: 1 } } }),
  submission('typescript', 'const x: number = "a"', { limits: { compile: SMALL } }),
  submission('bash', 'exec /program/nothing', {}),
  submission('bash', 'printf x > f; chmod +x f; ./f; printf "\\177ELF" > g; chmod +x g; exec ./g', {}),
  cMain('execl("/box", "/box", (char *)0); return 126;'),
];

const SLOW_MS = 5000;

async function failInEveryWay({ run, note }: World): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const failing of FAILING) {
    const startMs = performance.now();
    const { job, stdout, stderr } = await run(failing);
    const reply = [JSON.stringify(job), String(stdout), String(stderr)].join('\n');
    const what = `${failing.language} ${JSON.stringify(failing.limits)}`;
    const tookMs = performance.now() - startMs;
    if (tookMs > SLOW_MS) note(`${what}: ${job.verdict} after ${Math.round(tookMs)} ms, attempt ${job.attempt}`);
    if (job.attempt !== 1) faults.push(`${what}: ${job.attempt} attempts`);
    if (job.verdict === 'internal_error') faults.push(`${what}: internal error`);
    faults.push(...leaksIn(reply).map((leak) => `${what}: ${leak}`));
  }
  note(`${FAILING.length} failing jobs`);
  return faults;
}

const NOBODYS = '01890000-0000-7000-8000-000000000000';

/** Requests that are wrong on every level. */
async function askInEveryWrongWay({ request, raw }: World): Promise<readonly string[]> {
  const json = { 'content-type': 'application/json' };
  const answers = [
    await request({ path: '/nothing/here' }),
    await request({ method: 'DELETE', path: '/submit' }),
    await request({ method: 'POST', path: '/submit', headers: json, body: '{"language":' }),
    await request({ method: 'POST', path: '/submit', headers: json, body: '[[[[1]]]]' }),
    await request({ method: 'POST', path: '/submit', headers: json, body: '{"language":"/etc/passwd","code":"x"}' }),
    await request({
      method: 'POST',
      path: '/submit',
      headers: { 'content-type': 'application/json; charset=x' },
      body: '{}',
    }),
    await request({
      method: 'POST',
      path: '/submit',
      headers: { ...json, 'content-encoding': 'gzip' },
      body: 'no gzip',
    }),
    await request({ path: '/status/../../etc/passwd' }),
    await request({ path: `/status/${NOBODYS}` }),
    await request({ path: `/result/${NOBODYS}?stream=../../etc/passwd` }),
    await request({ path: '/artifacts/outputs/../../secret?expires=1&name=x&signature=x' }),
    await request({ path: '/artifacts/%2e%2e%2fsecret?expires=99999999999999&name=x&signature=x' }),
    await request({ path: '/%ff%fe' }),
    await request({ path: '/health/ready' }),
    await request({ path: '/version' }),
    await raw(['GET / HTTP/9.9\r\n\r\n']),
    await raw(['\0\0\0\0\r\n\r\n']),
  ];
  const faults = answers.flatMap(({ body, headers }) => leaksIn(`${String(body)} ${JSON.stringify(headers)}`));
  const broken = answers.filter(({ status }) => typeof status === 'number' && status >= 500 && status !== 505);
  return [...faults, ...broken.map(({ status, body }) => `answers ${status}: ${String(body).slice(0, 200)}`)];
}

/** What a judge keeps to itself. It travels with the job in fields that the program must never see. */
const EXPECTED = 'Runyard-Abuse-L8-expected-output';
const SEARCH = `
needle=$(printf '%s-' Runyard Abuse L8)expected-output
grep -rlF "$needle" /box /tmp /program /dev/shm /run /etc /var /opt /home /srv /mnt 2>/dev/null
for folder in /proc/[0-9]*; do
  grep -lF "$needle" $folder/environ $folder/cmdline 2>/dev/null
  ls -l $folder/fd 2>/dev/null | grep -E 'expected|/work|sqlite|runyard.db'
done
env | grep -F "$needle"
cat | grep -F "$needle"
exit 0`;

async function hideExpectation({ request, url, compare, finish }: World): Promise<readonly string[]> {
  const job = {
    ...bash(SEARCH, { limits: { wallTimeMs: 20_000 } }),
    metadata: { expected: EXPECTED },
    userId: EXPECTED,
  };
  const headers = { 'content-type': 'application/json', 'idempotency-key': `${EXPECTED}-${Date.now()}` };
  const answer = await request({ method: 'POST', path: '/submit', headers, body: JSON.stringify(job) });
  if (answer.status !== 202) return [`${url}/submit answers ${answer.status}: ${String(answer.body)}`];
  const accepted = JSON.parse(String(answer.body)) as Parameters<typeof finish>[0];
  return compare(await finish(accepted, job), { verdicts: ['ok'], stdout: '' });
}

export const SECRET_CASES: readonly AbuseCase[] = [
  {
    id: 'L7',
    title:
      'texts of errors: what cannot be started, formats that are none, limits too small for a runtime, broken requests',
    tags: ['full'],
    expected: 'no path of the host, no stack trace, no name of a service inside in any reply; never an internal error',
    acts: [
      { name: 'jobs', script: failInEveryWay },
      { name: 'requests', script: askInEveryWrongWay },
    ],
  },
  {
    id: 'L8',
    title: 'look for expected outputs and everything else that came with the job but is not for the program',
    tags: ['fast', 'full'],
    expected: 'absent: outputs are compared outside',
    acts: [
      { name: 'fields of the job', script: hideExpectation },
      {
        name: 'Python, own memory and parents',
        job: python(
          `needle = b'-'.join([b'Runyard', b'Abuse', b'L8', b'expected'])
import os, re
def maps(pid):
  for line in open(f'/proc/{pid}/maps'):
    m = re.match(r'([0-9a-f]+)-([0-9a-f]+) r', line)
    if m: yield int(m[1], 16), int(m[2], 16)
for pid in ['self'] + [n for n in os.listdir('/proc') if n.isdigit() and int(n) != os.getpid()]:
  try:
    with open(f'/proc/{pid}/mem', 'rb', 0) as memory:
      found = 0
      for start, end in maps(pid):
        try: memory.seek(start); found += needle + b'-output' in memory.read(min(end - start, 1 << 24))
        except (OSError, OverflowError, ValueError): pass
      print(pid, found)
  except OSError: pass`,
          { limits: { wallTimeMs: 20_000 } },
        ),
        // The needle is never whole in this program's memory, unless somebody else put it there.
        expect: { verdicts: ['ok'], stdout: /^self \d\n$/ },
      },
    ],
  },
];

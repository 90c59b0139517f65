import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { EngineError, withDeadline } from './deadline.ts';
import type { Engine } from './engine.ts';

/** Importing a tree of some gigabytes on a slow disk. */
const IMPORT_MS = 10 * 60_000;
const SMALL_MS = 60_000;

export interface ImageRequest {
  /** The operator's image (`SANDBOX_IMAGE`), or null for the runtime root. */
  readonly sandboxImage: string | null;
  readonly root: { readonly id: string; readonly dir: string } | null;
  readonly supervisorPath: string;
  readonly progress: (line: string) => void;
}

/**
 * The image that sandboxes are made of: the runtime root imported as `runyard/runtime:<id>` (or the operator's own image),
 * plus one layer with the supervisor. Nothing is mounted from the host, so it works with an engine on another machine.
 * Idempotent; throws EngineError.
 */
export async function ensureSandboxImage(engine: Engine, request: ImageRequest): Promise<string> {
  const base = await ensureBase(engine, request);
  const supervisor = await readFile(request.supervisorPath);
  const id = createHash('sha256').update(base.id).update(supervisor).digest('hex').slice(0, 16);
  const image = `runyard/sandbox:${id}`;
  if ((await imageId(engine, image)) !== null) return image;
  request.progress(`Adding the supervisor to ${base.name}`);
  await addSupervisor(engine, base.name, request.supervisorPath, id);
  return image;
}

async function ensureBase(engine: Engine, request: ImageRequest): Promise<{ name: string; id: string }> {
  const name = request.sandboxImage ?? `runyard/runtime:${request.root?.id ?? ''}`;
  const known = await imageId(engine, name);
  if (known !== null) return { name, id: known };
  if (request.sandboxImage !== null) {
    throw new EngineError('find the sandbox image', {
      detail: `the engine has no image ${name}: pull or build it first`,
    });
  }
  if (request.root === null)
    throw new EngineError('find the sandbox image', { detail: 'there is no runtime root to import' });
  request.progress(`Importing the runtime root as ${name}`);
  await importTree(engine, request.root.dir, request.root.id);
  const imported = await imageId(engine, name);
  if (imported === null)
    throw new EngineError('import the runtime root', { detail: 'the engine does not list it afterwards' });
  return { name, id: imported };
}

async function imageId(engine: Engine, name: string): Promise<string | null> {
  try {
    return (await withDeadline('inspect the image', SMALL_MS, engine.docker.getImage(name).inspect())).Id;
  } catch (error) {
    if (error instanceof EngineError && error.statusCode === 404) return null;
    throw error;
  }
}

async function importTree(engine: Engine, dir: string, id: string): Promise<void> {
  // The system's tar keeps owners, modes, hard links and sparse files as they are.
  const tar = spawn('tar', ['--directory', dir, '--create', '--numeric-owner', '.'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    tar.once('error', reject);
    tar.once('close', resolve);
  });
  const import_ = engine.docker.importImage(tar.stdout, { repo: 'runyard/runtime', tag: id });
  const answer = await withDeadline('import the runtime root', IMPORT_MS, import_);
  await withDeadline('import the runtime root', IMPORT_MS, drain(answer as Readable));
  const code = await exited;
  if (code !== 0) throw new EngineError('import the runtime root', { detail: `tar ended with ${String(code)}` });
}

async function addSupervisor(engine: Engine, base: string, supervisorPath: string, id: string): Promise<void> {
  const body = { Image: base, Entrypoint: ['/opt/runyard/supervisor'], NetworkDisabled: true };
  const container = await withDeadline('create the image container', SMALL_MS, engine.docker.createContainer(body));
  try {
    const tar = spawn(
      'tar',
      [
        '--create',
        '--owner=0',
        '--group=0',
        '--mode=0755',
        '--transform=s,.*,opt/runyard/supervisor,',
        '--absolute-names',
        supervisorPath,
      ],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    await withDeadline('add the supervisor', SMALL_MS, container.putArchive(tar.stdout, { path: '/' }));
    await withDeadline('commit the image', SMALL_MS, container.commit({ repo: 'runyard/sandbox', tag: id }));
  } finally {
    await engine.remove(container);
  }
}

async function drain(stream: Readable): Promise<void> {
  for await (const chunk of stream) {
    const text = String(chunk);
    if (text.includes('"error"')) throw new EngineError('import the runtime root', { detail: text.slice(0, 300) });
  }
}

import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { LABEL } from './create-body.ts';
import { EngineError, withDeadline } from './deadline.ts';
import type { Engine } from './engine.ts';
import { followProgress } from './image-progress.ts';

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
  const id = createHash('sha256').update(LAYER_VERSION).update(base.id).update(supervisor).digest('hex').slice(0, 16);
  const image = `runyard/sandbox:${id}`;
  if ((await inspectImage(engine, image)) !== null) return image;
  request.progress(`Adding the supervisor to ${base.name}`);
  await addSupervisor(engine, base.name, request.supervisorPath, id);
  return image;
}

interface ImageConfig {
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly Volumes?: Readonly<Record<string, unknown>> | null;
}

interface KnownImage {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Folders that the engine would give to each container as disk space without a bound. */
  readonly volumes: readonly string[];
}

/** The engine's id of an image that sandboxes can be made of. Throws EngineError. */
export async function imageId(engine: Engine, name: string): Promise<string> {
  const known = await inspectImage(engine, name);
  if (known === null) throw new EngineError('find the sandbox image', { detail: `the engine has no image ${name}` });
  if (known.volumes.length === 0) return known.id;
  throw new EngineError('use the sandbox image', {
    detail: `${name} declares volumes (${known.volumes.join(', ')}), which would be disk space without a bound: build it without VOLUME`,
  });
}

/** Null when the engine has no image of that name. */
export async function inspectImage(engine: Engine, name: string): Promise<KnownImage | null> {
  try {
    const start = () => engine.docker.getImage(name).inspect();
    const { Id: id, Config: config } = await withDeadline('inspect the image', SMALL_MS, start);
    const known = config as ImageConfig | undefined;
    return { id, labels: known?.Labels ?? {}, volumes: Object.keys(known?.Volumes ?? {}) };
  } catch (error) {
    if (error instanceof EngineError && error.statusCode === 404) return null;
    throw error;
  }
}

async function ensureBase(engine: Engine, request: ImageRequest): Promise<{ name: string; id: string }> {
  const name = request.sandboxImage ?? `runyard/runtime:${request.root?.id ?? ''}`;
  const known = await inspectImage(engine, name);
  if (known !== null) return { name, id: known.id };
  if (request.sandboxImage !== null) {
    throw new EngineError('find the sandbox image', {
      detail: `the engine has no image ${name}: pull or build it first`,
    });
  }
  if (request.root === null)
    throw new EngineError('find the sandbox image', { detail: 'there is no runtime root to import' });
  request.progress(`Importing the runtime root as ${name}`);
  await importTree(engine, request.root.dir, request.root.id);
  const imported = await inspectImage(engine, name);
  if (imported === null)
    throw new EngineError('import the runtime root', { detail: 'the engine does not list it afterwards' });
  return { name, id: imported.id };
}

async function importTree(engine: Engine, dir: string, id: string): Promise<void> {
  const what = 'import the runtime root';
  // The system's tar keeps owners, modes, hard links and sparse files as they are.
  await using tar = startTar(['--directory', dir, '--numeric-owner', '.']);
  const start = (abortSignal: AbortSignal) =>
    engine.docker.importImage(tar.stdout, { repo: 'runyard/runtime', tag: id, abortSignal });
  const answer = await withDeadline(what, IMPORT_MS, start);
  await followProgress(what, answer as Readable, IMPORT_MS, () => undefined);
  await tar.done(what);
}

/** Raised when the layer that goes on top of a base is made differently. */
const LAYER_VERSION = '2';
/** A mount takes the mode of the folder that it covers, whatever the mount's own options say (finding F4). */
const FOLDERS = { box: '0700', tmp: '1777', program: '0755' } as const;

async function addSupervisor(engine: Engine, base: string, supervisorPath: string, id: string): Promise<void> {
  const labels = { [LABEL.sandbox]: `image-${id}`, [LABEL.expires]: String(Date.now() + IMPORT_MS) };
  const body = { Image: base, Entrypoint: ['/opt/runyard/supervisor'], NetworkDisabled: true, Labels: labels };
  const create = () => engine.docker.createContainer(body);
  const container = await withDeadline('create the image container', SMALL_MS, create);
  try {
    const supervisor = ['--mode=0755', '--transform=s,.*,opt/runyard/supervisor,', supervisorPath];
    await putTar(container, supervisor);
    for (const [folder, mode] of Object.entries(FOLDERS))
      await putTar(container, [`--mode=${mode}`, `--transform=s,.*,${folder},`, '--no-recursion', '/tmp']);
    // A layer on top keeps the labels; the image must not be taken for a container that was left.
    const changes = Object.keys(labels).map((name) => `LABEL ${name}=""`);
    const commit = () => container.commit({ repo: 'runyard/sandbox', tag: id, changes });
    await withDeadline('commit the image', SMALL_MS, commit);
  } finally {
    await engine.remove(container);
  }
}

async function putTar(container: Awaited<ReturnType<Engine['docker']['createContainer']>>, args: readonly string[]) {
  await using tar = startTar(['--owner=0', '--group=0', '--absolute-names', ...args]);
  const start = (abortSignal: AbortSignal): Promise<unknown> =>
    container.putArchive(tar.stdout, { path: '/', abortSignal });
  await withDeadline('add the supervisor', SMALL_MS, start);
  await tar.done('add the supervisor');
}

interface RunningTar extends AsyncDisposable {
  readonly stdout: Readable;
  /** Throws EngineError when tar failed. */
  done(what: string): Promise<void>;
}

/** `tar --create` to its stdout; disposing ends it when nobody read it to the end. */
export function startTar(args: readonly string[]): RunningTar {
  const tar = spawn('tar', ['--create', ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = new Promise<string>((resolve) => {
    tar.once('error', (error) => resolve(error.message));
    tar.once('close', (code, signal) => resolve(code === 0 ? '' : `tar ended with ${signal ?? String(code)}`));
  });
  return {
    stdout: tar.stdout,
    async done(what) {
      const trouble = await exited;
      if (trouble !== '') throw new EngineError(what, { detail: trouble });
    },
    async [Symbol.asyncDispose]() {
      tar.kill('SIGKILL');
      tar.stdout.destroy();
      await exited;
    },
  };
}

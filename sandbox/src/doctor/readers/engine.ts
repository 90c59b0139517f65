import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { withDeadline } from '../../docker/deadline.ts';
import type { Engine } from '../../docker/engine.ts';
import type { EngineHostFacts } from '../facts.ts';

const QUICK_MS = 5_000;

interface Info {
  readonly ServerVersion: string;
  readonly DefaultRuntime: string;
  readonly Runtimes: Readonly<Record<string, { readonly path?: string }>>;
  readonly LiveRestoreEnabled: boolean;
  readonly SecurityOptions: readonly string[];
  readonly CgroupDriver: string;
  readonly Driver: string;
  readonly DockerRootDir: string;
  readonly Plugins: { readonly Authorization?: readonly string[] | null };
  readonly MemTotal: number;
}

const NOTHING_TOLD: Info = {
  ServerVersion: 'unknown',
  DefaultRuntime: 'unknown',
  Runtimes: {},
  LiveRestoreEnabled: false,
  SecurityOptions: [],
  CgroupDriver: 'unknown',
  Driver: 'unknown',
  DockerRootDir: '',
  Plugins: {},
  MemTotal: 0,
};

/** Throws EngineError. */
export async function readEngine(engine: Engine, runtime: string | null): Promise<EngineHostFacts> {
  const isLocal = isBehindSocket(engine);
  const asked: unknown = await withDeadline('ask the engine what it is', QUICK_MS, () => engine.docker.info());
  const info = { ...NOTHING_TOLD, ...(asked as Partial<Info>) };
  const used = runtime ?? info.DefaultRuntime;
  const options = info.SecurityOptions;
  return {
    version: info.ServerVersion,
    defaultRuntime: info.DefaultRuntime,
    runtimes: Object.keys(info.Runtimes),
    runtime: used,
    runtimeVersion: isLocal ? await versionOf(info.Runtimes[used]?.path ?? used) : null,
    liveRestore: info.LiveRestoreEnabled,
    isRootless: options.some((option) => option.includes('rootless')),
    hasUsernsRemap: options.some((option) => option.includes('userns')),
    cgroupDriver: info.CgroupDriver,
    storageDriver: info.Driver,
    authorizationPlugins: info.Plugins.Authorization ?? [],
    rootHasQuota: isLocal ? await isOtherFileSystem(info.DockerRootDir) : null,
    memoryBytes: info.MemTotal,
  };
}

/** Then its files and programs are those of this host. */
function isBehindSocket({ docker }: Engine): boolean {
  const { socketPath } = docker.modem as { readonly socketPath?: unknown };
  return typeof socketPath === 'string';
}

/** The engine runs that program as root for each container: asking it for its version adds no trust. */
async function versionOf(program: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: QUICK_MS });
    return stdout.split('\n')[0]?.trim() ?? null;
  } catch {
    return null;
  }
}

async function isOtherFileSystem(folder: string): Promise<boolean | null> {
  try {
    const [root, data] = await Promise.all([stat('/'), stat(folder)]);
    return root.dev !== data.dev;
  } catch {
    return null;
  }
}

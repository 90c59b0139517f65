import { SupervisedSandbox, type SupervisedSandboxOptions } from '../index.ts';
import { NativeLauncher } from '../native/index.ts';
import {
  ensureRuntimeRoot,
  ensureSandboxBinaries,
  type RootRecipe,
  type RuntimeRoot,
  type SandboxBinaries,
} from '../runtime-root/index.ts';

export interface TestSandbox extends AsyncDisposable {
  readonly sandbox: SupervisedSandbox;
  readonly launcher: NativeLauncher;
  readonly root: RuntimeRoot;
  readonly binaries: SandboxBinaries;
  /** In the names of this launcher's cgroups. */
  readonly ownerId: string;
  /** What launcher and supervisors said on stderr. A test should find it empty. */
  readonly diagnostics: readonly string[];
}

/** gcc comes with every root. */
const RECIPE: RootRecipe = { debianPackages: ['python3'], npmPackages: {}, prepare: [], versionCommands: {} };

const CACHE_DIR = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';

/**
 * A real sandbox of the native launcher, with a C compiler, python3 and the essential Debian tools inside. Needs root; the
 * first call on a machine builds the runtime root (half a minute), later ones take milliseconds.
 */
export async function startTestSandbox(options: SupervisedSandboxOptions = {}): Promise<TestSandbox> {
  const root = await ensureRuntimeRoot(RECIPE, { cacheDir: CACHE_DIR, mayInstall: true, environment: process.env });
  const binaries = await ensureSandboxBinaries({ root, cacheDir: CACHE_DIR });
  const diagnostics: string[] = [];
  const launcher = await NativeLauncher.start({
    launcherPath: binaries.launcherPath,
    supervisorPath: binaries.supervisorPath,
    rootDir: root.dir,
    log: (level, message) => void diagnostics.push(`${level}: ${message}`),
  });
  return {
    sandbox: new SupervisedSandbox(launcher, options),
    launcher,
    root,
    binaries,
    ownerId: launcher.describe()['ownerId'] ?? '',
    diagnostics,
    [Symbol.asyncDispose]: () => launcher.close(),
  };
}

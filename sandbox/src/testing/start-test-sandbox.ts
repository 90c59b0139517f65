import { type Launcher, SupervisedSandbox, type SupervisedSandboxOptions } from '../index.ts';
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
  readonly launcher: Launcher;
  readonly root: RuntimeRoot;
  readonly binaries: SandboxBinaries;
  /** In the names of this launcher's cgroups. */
  readonly ownerId: string;
  /** What launcher and supervisors said on stderr. A test should find it empty. */
  readonly diagnostics: readonly string[];
}

export interface TestSandboxOptions extends SupervisedSandboxOptions {
  /** Default: RUNYARD_TEST_LAUNCHER, else native. */
  readonly launcher?: Launcher['name'];
}

/** gcc comes with every root. */
const TEST_RECIPE: RootRecipe = {
  debianPackages: ['python3'],
  npmPackages: {},
  prepare: [],
  versionCommands: {},
};

export const CACHE_DIR = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';

/** Which launcher the tests of this process run with. */
export const TEST_LAUNCHER: Launcher['name'] = process.env['RUNYARD_TEST_LAUNCHER'] === 'docker' ? 'docker' : 'native';

/**
 * A real sandbox, with a C compiler, python3 and the essential Debian tools inside. Needs root; the first call on a machine
 * builds the runtime root (half a minute), later ones take milliseconds. With docker it needs an engine at
 * RUNYARD_TEST_ENGINE (see `engine.ts`).
 */
export async function startTestSandbox(options: TestSandboxOptions = {}): Promise<TestSandbox> {
  const { root, binaries } = await testRoot();
  const diagnostics: string[] = [];
  const { launcher, ownerId } =
    (options.launcher ?? TEST_LAUNCHER) === 'native'
      ? await startNative(root, binaries, diagnostics)
      : await startDocker(root, binaries, diagnostics);
  return {
    sandbox: new SupervisedSandbox(launcher, options),
    launcher,
    root,
    binaries,
    ownerId,
    diagnostics,
    [Symbol.asyncDispose]: () => launcher.close(),
  };
}

export async function testRoot(): Promise<{ root: RuntimeRoot; binaries: SandboxBinaries }> {
  const root = await ensureRuntimeRoot(TEST_RECIPE, {
    cacheDir: CACHE_DIR,
    mayInstall: true,
    environment: process.env,
  });
  return { root, binaries: await ensureSandboxBinaries({ root, cacheDir: CACHE_DIR }) };
}

async function startNative(root: RuntimeRoot, binaries: SandboxBinaries, diagnostics: string[]) {
  const launcher = await NativeLauncher.start({
    keeperPath: binaries.keeperPath,
    launcherPath: binaries.launcherPath,
    supervisorPath: binaries.supervisorPath,
    rootDir: root.dir,
    log: (level, message) => void diagnostics.push(`${level}: ${message}`),
  });
  return { launcher, ownerId: launcher.describe()['ownerId'] ?? '' };
}

async function startDocker(root: RuntimeRoot, binaries: SandboxBinaries, diagnostics: string[]) {
  // Here, because most tests need no engine client, which takes a while to load.
  const { startDockerLauncher } = await import('./start-docker-launcher.ts');
  return await startDockerLauncher(process.env['RUNYARD_TEST_ENGINE'] ?? '', { root, binaries, diagnostics });
}

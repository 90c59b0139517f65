import { type Check, type Judgement, ok, unknown, weak } from '../check.ts';
import type { EngineHostFacts, HostFacts } from '../facts.ts';
import { compare, faultsOf, parseRuntimeVersion } from '../runtime-version.ts';

/** First engine that shows whole bodies to authorization plugins (CVE-2024-41110, CVE-2026-34040). */
const AUTHORIZATION_FIXED = [29, 3, 1];

/** The Docker engine. Not judged with the native launcher. */
export const ENGINE_CHECKS: readonly Check[] = [
  {
    id: 'runtime-version',
    level: 'advised',
    why: 'The runtime works as root beside the program: its faults are ways out.',
    fix: 'Install runc 1.2.8, 1.3.3 or newer, or make sure that the distribution back-ported the named fixes; or use SANDBOX_RUNTIME=runsc.',
    judge: ofEngine(({ runtime, runtimeVersion }) => {
      const version = runtimeVersion === null ? null : parseRuntimeVersion(runtimeVersion);
      if (version === null) return unknown(`${runtime}: its version cannot be asked from here`);
      const faults = faultsOf(version);
      if (faults.length === 0) return ok(version.text);
      return weak(`${version.text}: upstream has ${faults.join('; ')} (unless back-ported)`);
    }),
  },
  {
    id: 'runtime-isolation',
    level: 'advised',
    why: 'With runc and crun a program calls the host’s kernel; gVisor puts one of its own between them.',
    fix: 'Register runsc with the engine and set SANDBOX_RUNTIME=runsc, or give each tenant a virtual machine.',
    judge: ofEngine(({ runtime }) =>
      runtime.includes('runsc') ? ok(runtime) : weak(`${runtime} shares the host’s kernel`),
    ),
  },
  {
    id: 'default-runtime',
    level: 'advised',
    why: 'A default that changes with an update would change what jobs run in.',
    fix: 'Name the runtime: SANDBOX_RUNTIME=runc (or crun, runsc), and "default-runtime" in daemon.json.',
    judge: ({ engine, plan }) => {
      if (engine === null) return null;
      return plan.isRuntimeNamed ? ok(engine.runtime) : weak(`the engine’s default (${engine.defaultRuntime})`);
    },
  },
  {
    id: 'authorization-plugins',
    level: 'advised',
    why: 'Before 29.3.1 a plugin can be shown a request without its body and let it pass (CVE-2024-41110, CVE-2026-34040).',
    fix: 'Update the engine to 29.3.1 or newer.',
    judge: ofEngine(({ version, authorizationPlugins }) => {
      if (authorizationPlugins.length === 0) return ok(`none in use (engine ${version})`);
      const numbers = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
      const found = `engine ${version} with ${authorizationPlugins.join(', ')}`;
      return compare(numbers, AUTHORIZATION_FIXED) >= 0 ? ok(found) : weak(found);
    }),
  },
  {
    id: 'live-restore',
    level: 'advised',
    why: 'Without it a restart of the engine kills all running jobs.',
    fix: '"live-restore": true in daemon.json.',
    judge: ofEngine(({ liveRestore }) => (liveRestore ? ok('on') : weak('off'))),
  },
  {
    id: 'user-namespaces',
    level: 'advised',
    why: 'An escape would be root on the host; with a remap it is an ordinary uid.',
    fix: '"userns-remap": "default" in daemon.json, a rootless engine on cgroup v2, or runsc.',
    judge: ofEngine(({ isRootless, hasUsernsRemap, runtime }) => {
      if (isRootless) return ok('rootless engine');
      if (hasUsernsRemap) return ok('userns-remap');
      return runtime.includes('runsc') ? ok('runsc') : weak('uid 0 inside is uid 0 of the host, less its rights');
    }),
  },
  {
    id: 'separation',
    level: 'advised',
    why: 'Who may use the engine’s socket is root on the host; the part that talks to the network should not be.',
    fix: 'Start as root, which gives its rights up, or run services/launcher apart and set RUNYARD_LAUNCHER_SOCKET.',
    judge: ({ engine, isRoot, plan }) => {
      if (engine === null) return null;
      if (plan.hasLauncherSocket) return ok('the launcher is a process of its own');
      if (isRoot) return ok('the server gives the engine’s socket to its launcher and drops root');
      return weak('started by an ordinary user, the server itself uses the engine');
    },
  },
  {
    id: 'rootless-limits',
    level: 'required',
    why: 'A rootless engine without cgroup v2 and systemd ignores limits in silence.',
    fix: 'Use cgroup v2 with the systemd driver, or an engine that runs as root.',
    judge: ({ engine, cgroups }) => {
      if (engine === null) return null;
      if (!engine.isRootless) return ok('the engine runs as root');
      const holds = cgroups.version === 'v2' && engine.cgroupDriver !== 'none';
      return holds
        ? ok(`rootless, v2, ${engine.cgroupDriver}`)
        : { status: 'missing', found: 'limits would be ignored' };
    },
  },
  {
    id: 'disk-quota',
    level: 'advised',
    why: 'Jobs cannot write to the engine’s disk; images and logs of others can still fill it.',
    fix: 'Put the engine’s data root on a file system of its own.',
    judge: ofEngine(({ rootHasQuota, storageDriver }) => {
      if (rootHasQuota === null) return unknown('cannot be seen from here');
      return rootHasQuota ? ok(`a file system of its own (${storageDriver})`) : weak('shares the root file system');
    }),
  },
];

function ofEngine(judge: (engine: EngineHostFacts) => Judgement): (facts: HostFacts) => Judgement | null {
  return ({ engine }) => (engine === null ? null : judge(engine));
}

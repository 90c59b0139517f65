/**
 * What the checks judge. Every field that may be unreadable is null then; nothing here is judged. Numbers of memory are bytes.
 */
export interface HostFacts {
  readonly platform: string;
  /** As Node names it: x64, arm64, … */
  readonly architecture: string;
  readonly isRoot: boolean;
  readonly launcher: 'native' | 'docker';
  readonly kernel: KernelFacts;
  readonly memory: MemoryFacts;
  readonly cgroups: CgroupFacts;
  readonly cpu: CpuFacts;
  readonly users: UserFacts;
  readonly processes: ProcessFacts;
  readonly network: NetworkFacts;
  /** Null with the native launcher. */
  readonly engine: EngineHostFacts | null;
  readonly plan: PlanFacts;
}

export interface KernelFacts {
  readonly release: string;
  readonly corePattern: string | null;
  /** /proc/sys/kernel/randomize_va_space */
  readonly addressRandomisation: string | null;
  readonly hasSeccompFilter: boolean | null;
  readonly hasNoNewPrivs: boolean | null;
  /** Kinds under /proc/self/ns. */
  readonly namespaces: readonly string[];
  /** AF_VSOCK can be reached: the module is loaded or built in. */
  readonly hasVsock: boolean | null;
  readonly clockSource: string | null;
  /** Names of /sys/devices/system/cpu/vulnerabilities whose text says `Vulnerable`. */
  readonly vulnerabilities: readonly string[] | null;
}

export interface MemoryFacts {
  readonly totalBytes: number | null;
  readonly swapBytes: number | null;
  /** /sys/kernel/mm/ksm/run; `absent` where the kernel has no KSM. */
  readonly ksm: string | null;
  readonly overcommit: string | null;
  /** The chosen word of /sys/kernel/mm/transparent_hugepage/enabled. */
  readonly hugePages: string | null;
}

export interface CgroupFacts {
  /** v1 and hybrid: `v1`; v2 with memory: `v2`. */
  readonly version: 'v1' | 'v2' | 'none';
  /** Controllers that can be used there. */
  readonly controllers: readonly string[];
}

export interface CpuFacts {
  readonly cores: number;
  /** /sys/devices/system/cpu/smt/active: `1` with siblings in use. */
  readonly smtActive: string | null;
  readonly hasCoreScheduling: boolean | null;
}

export interface UserFacts {
  /** Names of host users with a uid that sandboxes are given. */
  readonly inRange: readonly string[];
  /** `name:first:count` lines of /etc/subuid that meet the range. */
  readonly subordinate: readonly string[];
}

export interface ProcessFacts {
  /** oom_score_adj by role: `runyard`, `launcher`, `dockerd`, `containerd`. Only what runs. */
  readonly oomScores: Readonly<Record<string, number>>;
}

interface NetworkFacts {
  /** Whether something answers at the cloud's metadata address from this process. */
  readonly metadataAnswers: boolean | null;
}

export interface EngineHostFacts {
  readonly version: string;
  readonly defaultRuntime: string;
  readonly runtimes: readonly string[];
  /** The one that sandboxes run with. */
  readonly runtime: string;
  /** First line of `<runtime> --version` on this host; null when it cannot be asked. */
  readonly runtimeVersion: string | null;
  readonly liveRestore: boolean;
  readonly isRootless: boolean;
  readonly hasUsernsRemap: boolean;
  readonly cgroupDriver: string;
  readonly storageDriver: string;
  readonly authorizationPlugins: readonly string[];
  /** Whether what containers write there is bounded; null when it cannot be seen from here. */
  readonly rootHasQuota: boolean | null;
  readonly memoryBytes: number;
}

interface PlanFacts {
  readonly slots: number;
  /** Most that one job may be allowed. */
  readonly slotMemoryBytes: number;
  /** Whether SANDBOX_RUNTIME names the runtime. */
  readonly isRuntimeNamed: boolean;
  /** Whether RUNYARD_LAUNCHER_SOCKET names a launcher that is a process of its own. */
  readonly hasLauncherSocket: boolean;
}

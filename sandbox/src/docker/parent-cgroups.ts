import { access, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineFacts } from './engine.ts';

/** What the parent cgroup of a finished container still tells; it survives the container because it is ours (finding F10). */
export interface ParentUsage {
  /** Null on v1, whose counter is not hierarchical: the parent always says 0, which proves nothing. */
  readonly oomKills: number | null;
  readonly memoryPeakBytes: number | null;
  readonly cpuUs: number | null;
  readonly pidsPeak: number | null;
}

export interface ParentLimits {
  readonly memoryBytes: number;
  /** Threads, PID 1 included. */
  readonly tasks: number;
}

const NOTHING: ParentUsage = { oomKills: null, memoryPeakBytes: null, cpuUs: null, pidsPeak: null };

/** PID 1 has less. */
const PID1_BYTES = 2 * 1024 * 1024;
const RESTART_TRIES = 6;
const RESTART_RETRY_MS = 2;

/** All parents stand below it, in every hierarchy. */
const FOLDER = 'runyard-docker';

/**
 * The parent cgroup of each container: the engine makes it and leaves it there, so that peak and times can be read when
 * the container is gone. Everything here is best effort: it needs the engine on this machine, its `cgroupfs` driver, and a
 * tree that this process may write. Elsewhere there are no parents, and PID 1's own numbers must do.
 */
export class ParentCgroups {
  readonly #root: string;
  readonly #hasParents: boolean;
  readonly #isV1: boolean;
  /** Folders in which every parent has a namesake. */
  readonly #hierarchies: readonly string[];

  private constructor(root: string, facts: Pick<EngineFacts, 'cgroupDriver'>, names: readonly string[]) {
    this.#root = root;
    this.#hasParents = facts.cgroupDriver === 'cgroupfs';
    this.#isV1 = !names.includes('cgroup.controllers');
    this.#hierarchies = this.#isV1 ? names.map((name) => path.join(root, name)) : [root];
  }

  static async of(facts: Pick<EngineFacts, 'cgroupDriver'>, root = '/sys/fs/cgroup'): Promise<ParentCgroups> {
    return new ParentCgroups(root, facts, await readdir(root).catch(() => []));
  }

  /** For `CgroupParent`; null where the engine's driver does not take plain paths. */
  parentOf(sandboxId: string): string | null {
    return this.#hasParents ? `/${FOLDER}/${sandboxId}` : null;
  }

  async usage(sandboxId: string): Promise<ParentUsage> {
    const parent = this.parentOf(sandboxId);
    if (parent === null) return NOTHING;
    return this.#isV1 ? await this.#usageV1(parent) : await this.#usageV2(parent);
  }

  /**
   * What the container used at most so far, its runtime's own start included, is forgotten, so that the next step has a peak
   * of its own. Only v1 can. `isFresh`: nothing but PID 1 is there, and what more is counted is the runtime that is going.
   */
  async restartPeak(sandboxId: string, containerId: string, isFresh = false): Promise<void> {
    const parent = this.parentOf(sandboxId);
    if (parent === null || !this.#isV1) return;
    const file = path.join(this.#root, 'memory', parent, containerId, 'memory.max_usage_in_bytes');
    for (let tries = 0; tries < RESTART_TRIES; tries += 1) {
      await writeFile(file, '0', { flag: 'r+' }).catch(() => undefined);
      if (!isFresh || ((await readNumber(file)) ?? 0) <= PID1_BYTES) return;
      await sleep(RESTART_RETRY_MS);
    }
  }

  /**
   * Limits for what is in it now: a write or three, where the engine's own way takes a process of its runtime (and gVisor has
   * none). `absent`: no parent of this name here that this process can write. `in-use`: more memory is in use than that.
   */
  async limit(sandboxId: string, limits: ParentLimits): Promise<'set' | 'in-use' | 'absent'> {
    const parent = this.parentOf(sandboxId);
    if (parent === null) return 'absent';
    try {
      await (this.#isV1 ? this.#limitV1(parent, limits) : this.#limitV2(parent, limits));
      return 'set';
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EBUSY' ? 'in-use' : 'absent';
    }
  }

  /** Memory ≤ memory and swap must hold after each write: hence twice when it is raised. */
  async #limitV1(parent: string, { memoryBytes, tasks }: ParentLimits): Promise<void> {
    const folder = path.join(this.#root, 'memory', parent);
    const memory = path.join(folder, 'memory.limit_in_bytes');
    const isLower = await write(memory, memoryBytes).then(
      () => true,
      (error: NodeJS.ErrnoException) => (error.code === 'EINVAL' ? false : Promise.reject(error)),
    );
    await write(path.join(folder, 'memory.memsw.limit_in_bytes'), memoryBytes).catch(ignoreAbsent);
    if (!isLower) await write(memory, memoryBytes);
    await write(path.join(this.#root, 'pids', parent, 'pids.max'), tasks);
  }

  async #limitV2(parent: string, { memoryBytes, tasks }: ParentLimits): Promise<void> {
    const folder = path.join(this.#root, parent);
    await write(path.join(folder, 'memory.max'), memoryBytes);
    await write(path.join(folder, 'memory.swap.max'), 0).catch(ignoreAbsent);
    await write(path.join(folder, 'pids.max'), tasks);
  }

  /** Kills every process of it, for an engine that does not. Best effort. */
  async kill(sandboxId: string): Promise<void> {
    const parent = this.parentOf(sandboxId);
    if (parent === null) return;
    const folder = path.join(this.#root, this.#isV1 ? 'pids' : '', parent);
    // v2 since Linux 5.14: all of the tree at once, whatever forks meanwhile. In the cgroup namespace of a container it is absent.
    if (!this.#isV1 && (await writeAll(path.join(folder, 'cgroup.kill'), '1'))) return;
    const groups = await readdir(folder).catch(() => []);
    for (const group of groups) {
      const text = await readFile(path.join(folder, group, 'cgroup.procs'), 'utf8').catch(() => '');
      // A process of another pid namespace is listed as 0, which to kill() means ourselves.
      for (const pid of text
        .split('\n')
        .map(Number)
        .filter((number) => number > 1))
        killProcess(pid);
    }
  }

  /** Sandbox ids that still have a parent somewhere. */
  async list(): Promise<readonly string[]> {
    const found = await Promise.all(
      this.#hierarchies.map((folder) => readdir(path.join(folder, FOLDER), { withFileTypes: true }).catch(() => [])),
    );
    return [...new Set(found.flat().flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])))];
  }

  /** Resolves to whether none is left: while a container still has processes, the kernel refuses. */
  async remove(sandboxId: string): Promise<boolean> {
    const parent = this.parentOf(sandboxId);
    if (parent === null) return true;
    const gone = await Promise.all(this.#hierarchies.map((folder) => removeFolder(path.join(folder, parent))));
    return gone.every(Boolean);
  }

  async #usageV1(parent: string): Promise<ParentUsage> {
    const [memoryPeakBytes, cpuNs] = await Promise.all([
      readNumber(path.join(this.#root, 'memory', parent, 'memory.max_usage_in_bytes')),
      readNumber(path.join(this.#root, 'cpuacct', parent, 'cpuacct.usage')),
    ]);
    return { ...NOTHING, memoryPeakBytes, cpuUs: cpuNs === null ? null : Math.round(cpuNs / 1000) };
  }

  async #usageV2(parent: string): Promise<ParentUsage> {
    const folder = path.join(this.#root, parent);
    const [oomKills, memoryPeakBytes, cpuUs, pidsPeak] = await Promise.all([
      readNumber(path.join(folder, 'memory.events'), 'oom_kill'),
      readNumber(path.join(folder, 'memory.peak')),
      readNumber(path.join(folder, 'cpu.stat'), 'usage_usec'),
      readNumber(path.join(folder, 'pids.peak')),
    ]);
    return { oomKills, memoryPeakBytes, cpuUs, pidsPeak };
  }
}

async function writeAll(file: string, text: string): Promise<boolean> {
  return writeFile(file, text, { flag: 'r+' }).then(
    () => true,
    () => false,
  );
}

/** Never makes a file: what is not there is not a control group. */
async function write(file: string, value: number): Promise<void> {
  await writeFile(file, String(value), { flag: 'r+' });
}

/** Kernels without swap accounting have no such file. */
function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

function killProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}

async function removeFolder(folder: string): Promise<boolean> {
  await rmdir(folder).catch(() => undefined);
  return access(folder).then(
    () => false,
    () => true,
  );
}

/** The whole content, or the number behind `key` at the start of a line. Null where this process cannot read it. */
async function readNumber(file: string, key?: string): Promise<number | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const word = key === undefined ? text.trim() : new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1];
  return word === undefined || !/^\d+$/.test(word) ? null : Number(word);
}

import { readFile, rmdir } from 'node:fs/promises';

/** What the parent cgroup of a finished container still tells; it survives the container because it is ours (finding F10). */
export interface ParentUsage {
  readonly oomKills: number | null;
  readonly memoryPeakBytes: number | null;
  readonly cpuUs: number | null;
}

/** Names are those of cgroup v1 under `/sys/fs/cgroup/<controller>/<parent>`; null where this process cannot read them. */
export async function readParentUsage(parent: string): Promise<ParentUsage> {
  const [peak, cpuNs] = await Promise.all([
    readNumber(`/sys/fs/cgroup/memory${parent}/memory.max_usage_in_bytes`),
    readNumber(`/sys/fs/cgroup/cpuacct${parent}/cpuacct.usage`),
  ]);
  // v1's oom_kill counter is not hierarchical: the parent always says 0, so it proves nothing.
  return { oomKills: null, memoryPeakBytes: peak, cpuUs: cpuNs === null ? null : Math.round(cpuNs / 1000) };
}

/** The engine creates the parent in every hierarchy and leaves it there: without this every job leaks a dozen directories. */
export async function removeParent(parent: string, controllers: readonly string[]): Promise<void> {
  await Promise.all(
    controllers.map((controller) => rmdir(`/sys/fs/cgroup/${controller}${parent}`).catch(() => undefined)),
  );
}

async function readNumber(file: string): Promise<number | null> {
  try {
    const value = Number(await readFile(file, 'utf8'));
    return Number.isFinite(value) ? value : null;
  } catch {
    return null;
  }
}

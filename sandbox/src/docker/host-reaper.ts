/**
 * The net below all launchers of a host (layer 4 and, where the engine hangs, 5 of who ends what).
 *
 * Theory of operation. A sweep lists the containers that carry our label, running or not, and works out once per container
 * and state when it is due (`due-time.ts`); from then on a timer on the monotonic clock counts, so that a change of the
 * host's clock neither kills what may live nor spares what may not. What is due is killed through its control group and by
 * the pid of its PID 1, which needs no engine, and is then removed through the engine; what the engine does not remove stays
 * known and is tried again at each sweep. It trusts labels and the kernel, no heartbeat and no connection of an owner: a
 * dead owner's container ends by the hang-up of its stream or at its deadline, and is then taken away. Parent groups without
 * a container, seen in two sweeps one after the other, go too.
 */
import { readFile } from 'node:fs/promises';
import { LABEL } from './create-body.ts';
import { dueOf, type ReapReason } from './due-time.ts';
import type { ContainerTimes, Engine, ListedContainer } from './engine.ts';
import type { ParentCgroups } from './parent-cgroups.ts';

const EVERY_MS = 5_000;
/** A parent group is busy for a moment after its container is gone. */
const CGROUP_TRIES = 5;
const CGROUP_RETRY_MS = 50;
/** What setTimeout can count. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Reaped {
  readonly sandboxId: string;
  readonly ownerId: string;
  readonly reason: ReapReason;
  /** Since it was due. */
  readonly lateMs: number;
  /** False: the engine did not answer, its processes were killed all the same; it is still to be removed. */
  readonly isRemoved: boolean;
}

export interface HostReaperOptions {
  readonly engine: Pick<Engine, 'listByLabel' | 'timesOf' | 'removeById'>;
  readonly cgroups: Pick<ParentCgroups, 'list' | 'kill' | 'remove'>;
  readonly onReaped: (reaped: Reaped) => void;
  /** A sweep that failed, in the engine's words. */
  readonly onTrouble: (error: unknown) => void;
  /** For tests: instead of signals to host processes. */
  readonly killProcess?: (pid: number, containerId: string) => Promise<void>;
}

interface Watched {
  readonly container: ListedContainer;
  readonly pid: number;
  readonly reason: ReapReason | null;
  /** By performance.now(). */
  readonly dueAtMs: number;
  readonly timer: NodeJS.Timeout | null;
  isKilled: boolean;
}

export class HostReaper {
  readonly #options: HostReaperOptions;
  readonly #watched = new Map<string, Watched>();
  #emptyGroups: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> | null = null;
  #isStopped = false;
  /** Containers removed, groups not counted. Outside of fault tests it should stay 0: each one was somebody's omission. */
  reapedTotal = 0;
  /** By performance.now(); null before the first sweep that the engine answered. */
  lastSweepAtMs: number | null = null;

  constructor(options: HostReaperOptions) {
    this.#options = options;
  }

  /** Resolves after the first sweep, whether the engine answered or not. Idempotent. */
  async start(): Promise<void> {
    if (this.#timer !== null) return;
    this.#timer = setInterval(() => void this.sweep(), EVERY_MS);
    await this.sweep();
  }

  /** Resolves when nothing is under way any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#sweeping;
    for (const { timer } of this.#watched.values()) if (timer !== null) clearTimeout(timer);
    this.#watched.clear();
  }

  /** Containers known now, for whoever waits until none of an owner is left. */
  get known(): readonly ListedContainer[] {
    return [...this.#watched.values()].map(({ container }) => container);
  }

  /** Never rejects; one at a time. */
  sweep(): Promise<void> {
    this.#sweeping ??= this.#sweep()
      .catch((error: unknown) => this.#options.onTrouble(error))
      .finally(() => (this.#sweeping = null));
    return this.#sweeping;
  }

  async #sweep(): Promise<void> {
    const { engine, cgroups } = this.#options;
    // Groups first: what has one now and is not listed afterwards is without a container.
    const groups = await cgroups.list();
    const listed = await engine.listByLabel(LABEL.sandbox);
    if (this.#isStopped) return;
    this.#forgetAllBut(new Set(listed.map(({ id }) => id)));
    await Promise.all(listed.map((container) => this.#look(container)));
    await this.#removeEmptyGroups(groups, listed);
    this.lastSweepAtMs = performance.now();
  }

  /** A new container, or one in another state than before: works out when it is due. */
  async #look(container: ListedContainer): Promise<void> {
    const known = this.#watched.get(container.id);
    if (known?.container.state === container.state) {
      if (isDue(known)) await this.#reap(container.id);
      return;
    }
    const times = await this.#timesOf(container);
    if (times === null || this.#isStopped) return;
    if (known !== undefined && known.timer !== null) clearTimeout(known.timer);
    this.#watch(container, times, known?.isKilled ?? false);
    if (isDue(this.#watched.get(container.id))) await this.#reap(container.id);
  }

  #watch(container: ListedContainer, times: ContainerTimes, isKilled: boolean): void {
    const due = dueOf(container, times, Date.now()) ?? { reason: null, inMs: Number.POSITIVE_INFINITY };
    const isLater = due.inMs > 0 && due.reason !== null;
    const timer = isLater
      ? setTimeout(() => void this.#reap(container.id), Math.min(due.inMs, LONGEST_TIMER_MS))
      : null;
    const dueAtMs = performance.now() + due.inMs;
    this.#watched.set(container.id, { container, pid: times.pid, reason: due.reason, dueAtMs, timer, isKilled });
  }

  /** Null: gone meanwhile. */
  async #timesOf({ id, state }: ListedContainer): Promise<ContainerTimes | null> {
    if (state === 'created') return { startedAtMs: null, finishedAtMs: null, pid: 0 };
    return await this.#options.engine.timesOf(id).catch((error: unknown) => {
      if (statusOf(error) === 404) return null;
      throw error;
    });
  }

  async #reap(id: string): Promise<void> {
    const watched = this.#watched.get(id);
    if (watched === undefined || watched.reason === null || this.#isStopped) return;
    const sandboxId = groupNameOf(watched.container);
    await this.#kill(watched, sandboxId);
    const isRemoved = await this.#options.engine.removeById(id).then(
      () => true,
      () => false,
    );
    // The timer and a sweep may both have come here; a failed removal is told once.
    if (isRemoved ? !this.#watched.delete(id) : watched.isKilled) return;
    watched.isKilled = true;
    if (isRemoved) {
      this.reapedTotal += 1;
      if (sandboxId !== '') await this.#removeGroup(sandboxId);
    }
    this.#options.onReaped({
      sandboxId: watched.container.labels[LABEL.sandbox] ?? '',
      ownerId: watched.container.labels[LABEL.owner] ?? '',
      reason: watched.reason,
      lateMs: Math.round(performance.now() - watched.dueAtMs),
      isRemoved,
    });
  }

  async #kill({ pid, container }: Watched, sandboxId: string): Promise<void> {
    if (sandboxId !== '') await this.#options.cgroups.kill(sandboxId).catch(() => undefined);
    if (pid > 1) await (this.#options.killProcess ?? killContainerProcess)(pid, container.id);
  }

  async #removeGroup(sandboxId: string): Promise<void> {
    for (let tries = 1; !(await this.#options.cgroups.remove(sandboxId)) && tries < CGROUP_TRIES; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, CGROUP_RETRY_MS));
  }

  async #removeEmptyGroups(groups: readonly string[], listed: readonly ListedContainer[]): Promise<void> {
    const inUse = new Set(listed.map(({ labels }) => labels[LABEL.sandbox]));
    const empty = groups.filter((id) => !inUse.has(id));
    for (const id of empty) if (this.#emptyGroups.has(id)) await this.#options.cgroups.remove(id);
    this.#emptyGroups = new Set(empty);
  }

  #forgetAllBut(ids: ReadonlySet<string>): void {
    for (const [id, { timer }] of this.#watched) {
      if (ids.has(id)) continue;
      if (timer !== null) clearTimeout(timer);
      this.#watched.delete(id);
    }
  }
}

function isDue(watched: Watched | undefined): boolean {
  return watched !== undefined && watched.reason !== null && watched.dueAtMs <= performance.now();
}

/** A label is no path: what is not a plain name has no group. */
function groupNameOf({ labels }: ListedContainer): string {
  const name = labels[LABEL.sandbox] ?? '';
  return /^[\w-][\w.-]*$/.test(name) ? name : '';
}

function statusOf(error: unknown): number | null {
  return typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : null;
}

/** A pid may have been given to another process meanwhile: its control group must still name the container. */
async function killContainerProcess(pid: number, containerId: string): Promise<void> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  if (!groups.includes(containerId)) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already, or of a pid namespace that this process is not in.
  }
}

import { randomInt } from 'node:crypto';
import type Docker from 'dockerode';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { ContainerPlace } from './container-place.ts';
import { createBody, isGvisor } from './create-body.ts';
import { EngineError } from './deadline.ts';
import type { Engine, EngineFacts } from './engine.ts';
import { ParentCgroups } from './parent-cgroups.ts';
import { imageId } from './image.ts';
import { CpuLeases } from './cpu-leases.ts';
import { Reaper } from './reaper.ts';

/** Upper half of the product's range 200000..209999; the native launcher leases from the lower half of the same host. */
const UIDS = { first: 205_000, last: 209_999 } as const;
/** Names taken in a row before we give up: more means that something else creates our names. */
const MAX_UID_TRIES = 64;
/** Create, start, remove and the engine's own delays on top of the plan's longest time. */
const EXPIRY_MARGIN_MS = 60_000;
/** A healthy engine removes a container in a tenth of that. */
const FORCE_AFTER_MS = 2_000;
/** A parent cgroup is busy for a moment after its container is gone. */
const CGROUP_TRIES = 5;
const CGROUP_RETRY_MS = 20;

export interface DockerLauncherOptions {
  readonly engine: Engine;
  readonly image: string;
  /** OCI runtime by name (`runsc`), or null for the engine's default. A missing one refuses the start. */
  readonly runtime: string | null;
  /** Stable over restarts of one installation, and in use once at a time: what a former process left under it is removed at start. */
  readonly ownerId: string;
  /** Each place that gets no more than one CPU has one to itself as long as there are any; further ones, and all by default, share all. */
  readonly hasCpuset?: boolean;
  /** Where control groups are mounted; default `/sys/fs/cgroup`. */
  readonly cgroupRoot?: string;
  readonly onDiagnostics?: (text: string) => void;
}

interface LauncherParts {
  readonly facts: EngineFacts;
  readonly cgroups: ParentCgroups;
  readonly imageId: string;
}

/**
 * Fresh containers through the Engine API: create → attach → start → stream → (PID 1 ends) → inspect → remove.
 *
 * Who removes what: the place itself when it is disposed; the reaper what a crash of this process or a lost answer left,
 * by label and by `runyard.expires`; PID 1 ends by its own deadline even when this process and the engine are gone.
 */
export class DockerLauncher implements Launcher {
  readonly name = 'docker';
  readonly #options: DockerLauncherOptions;
  readonly #imageId: string;
  readonly #cpus: CpuLeases;
  readonly #facts: EngineFacts;
  readonly #cgroups: ParentCgroups;
  readonly #reaper: Reaper;
  /** From before the container is created until it is removed, or its removal has failed. */
  readonly #open = new Map<string, ContainerPlace | null>();
  readonly #removals = new Set<Promise<void>>();
  #nextUid = randomInt(UIDS.first, UIDS.last + 1);
  #sequence = 0;
  #isClosed = false;

  private constructor(options: DockerLauncherOptions, { facts, cgroups, imageId: id }: LauncherParts) {
    const { engine, ownerId } = options;
    this.#options = options;
    this.#imageId = id;
    this.#cpus = new CpuLeases(
      options.hasCpuset === true ? Array.from({ length: facts.cpuCount }, (_, cpu) => cpu) : [],
    );
    this.#facts = facts;
    this.#cgroups = cgroups;
    this.#reaper = new Reaper({ engine, cgroups, ownerId, isOpen: (sandboxId) => this.#open.has(sandboxId) });
  }

  /** Throws EngineError when the engine does not answer or lacks the runtime. */
  static async start(options: DockerLauncherOptions): Promise<DockerLauncher> {
    const facts = await options.engine.facts();
    if (options.runtime !== null && !facts.runtimes.includes(options.runtime)) {
      const known = facts.runtimes.join(', ');
      throw new EngineError('start the docker launcher', {
        detail: `the engine has no runtime ${options.runtime} (it has ${known})`,
      });
    }
    const parts = {
      facts,
      cgroups: await ParentCgroups.of(facts, options.cgroupRoot),
      imageId: await imageId(options.engine, options.image),
    };
    const launcher = new DockerLauncher(options, parts);
    await launcher.#reaper.sweep();
    launcher.#reaper.start();
    return launcher;
  }

  describe(): Readonly<Record<string, string>> {
    return {
      launcher: this.name,
      engine: `docker ${this.#facts.version}`,
      runtime: this.#options.runtime ?? 'default',
      cgroup: `v${this.#facts.cgroupVersion}`,
      image: this.#options.image,
      cpuset: this.#options.hasCpuset === true ? 'one each' : 'shared',
    };
  }

  /** Rejects when the engine does not answer within `deadlineMs`. */
  async check(deadlineMs: number): Promise<void> {
    await this.#options.engine.ping(deadlineMs);
  }

  async open(limits: PlaceLimits, signal?: AbortSignal): Promise<Place> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new EngineError('open a sandbox', { detail: 'the launcher is closed' });
    this.#sequence += 1;
    const sandboxId = `${this.#options.ownerId}.${this.#sequence}`;
    this.#open.set(sandboxId, null);
    const container = await this.#create(sandboxId, limits).catch((error: unknown) => {
      // Perhaps there is a container all the same: from now on it is the reaper's.
      this.#open.delete(sandboxId);
      this.#cpus.give(sandboxId);
      throw error;
    });
    const place = this.#placeOf(sandboxId, container, limits);
    this.#open.set(sandboxId, place);
    try {
      signal?.throwIfAborted();
      await place.begin();
      signal?.throwIfAborted();
      return place;
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Kills what is left, tells the sessions so, and removes everything. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#reaper.stop();
    const places = [...this.#open.values()].filter((place) => place !== null);
    await Promise.all(places.map((place) => place.close()));
    await Promise.all(this.#removals);
    await this.#reaper.sweep().catch(() => undefined);
  }

  async #create(sandboxId: string, limits: PlaceLimits): Promise<Docker.Container> {
    for (let tries = 0; tries < MAX_UID_TRIES; tries += 1) {
      const uid = this.#nextUid;
      this.#nextUid = uid === UIDS.last ? UIDS.first : uid + 1;
      const container = await this.#options.engine.create(
        createBody({
          image: this.#imageId,
          runtime: this.#options.runtime,
          uid,
          sandboxId,
          ownerId: this.#options.ownerId,
          expiresAtMs: Date.now() + limits.deadlineMs + EXPIRY_MARGIN_MS,
          limits,
          cgroupParent: this.#cgroups.parentOf(sandboxId),
          cpu: limits.cpuMilli <= 1000 ? this.#cpus.take(sandboxId) : null,
        }),
      );
      if (container !== null) return container;
    }
    throw new EngineError('create the container', { detail: `${MAX_UID_TRIES} names in a row are taken` });
  }

  #placeOf(sandboxId: string, container: Docker.Container, limits: PlaceLimits): ContainerPlace {
    return new ContainerPlace({
      sandboxId,
      container,
      limits,
      isGvisor: isGvisor(this.#options.runtime),
      engine: this.#options.engine,
      cgroups: this.#cgroups,
      onDiagnostics: (text) => this.#options.onDiagnostics?.(text),
      onRelease: () => this.#remove(sandboxId, container),
    });
  }

  /** In the background, so that a result need not wait for it: the uid stays leased by the container's name until it is gone. */
  #remove(sandboxId: string, container: Docker.Container): void {
    // The engine may be unable to (F1): what runs must end all the same.
    const force = setTimeout(() => void this.#cgroups.kill(sandboxId), FORCE_AFTER_MS);
    const removal = this.#options.engine
      .remove(container)
      .then(() => this.#removeCgroups(sandboxId))
      .catch((error: unknown) => this.#options.onDiagnostics?.(`${String(error)} (left to the reaper)`))
      .finally(() => {
        clearTimeout(force);
        this.#open.delete(sandboxId);
        this.#cpus.give(sandboxId);
        this.#removals.delete(removal);
      });
    this.#removals.add(removal);
  }

  async #removeCgroups(sandboxId: string): Promise<void> {
    for (let tries = 1; !(await this.#cgroups.remove(sandboxId)) && tries < CGROUP_TRIES; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, CGROUP_RETRY_MS));
  }
}

import { randomInt } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { SandboxLimits } from '../plan.ts';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { ContainerStream } from './container-stream.ts';
import { createBody, pidsLimit } from './create-body.ts';
import { encodeContainerEnd } from './container-end.ts';
import { EngineError } from './deadline.ts';
import type { Engine, EngineFacts } from './engine.ts';
import { Reaper } from './reaper.ts';
import { removeParent } from './usage.ts';

/** Upper half of the product's range 200000..209999; the native launcher leases from the lower half of the same host. */
const UIDS = { first: 205_000, last: 209_999 } as const;
/** Names taken in a row before we give up: more means that something else creates our names. */
const MAX_UID_TRIES = 64;
/** Create, start, remove and the engine's own delays on top of the plan's longest time. */
const EXPIRY_MARGIN_MS = 60_000;

export interface DockerLauncherOptions {
  readonly engine: Engine;
  readonly image: string;
  /** OCI runtime by name (`runsc`), or null for the engine's default. A missing one refuses the start. */
  readonly runtime: string | null;
  /** Stable over restarts of one installation: what a former process left under it is removed at start. */
  readonly ownerId: string;
  readonly onDiagnostics?: (text: string) => void;
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
  readonly #facts: EngineFacts;
  readonly #reaper: Reaper;
  readonly #controllers: readonly string[];
  readonly #removals = new Set<Promise<void>>();
  #nextUid = randomInt(UIDS.first, UIDS.last + 1);
  #sequence = 0;

  private constructor(options: DockerLauncherOptions, facts: EngineFacts, controllers: readonly string[]) {
    this.#options = options;
    this.#facts = facts;
    this.#controllers = controllers;
    this.#reaper = new Reaper(options.engine, options.ownerId);
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
    const launcher = new DockerLauncher(options, facts, await cgroupV1Controllers());
    await launcher.#reaper.removeLeftovers();
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
    };
  }

  /** Rejects when the engine does not answer within `deadlineMs`. */
  async check(deadlineMs: number): Promise<void> {
    await this.#options.engine.ping(deadlineMs);
  }

  async open(limits: PlaceLimits, signal?: AbortSignal): Promise<Place> {
    signal?.throwIfAborted();
    this.#sequence += 1;
    const sandboxId = `${this.#options.ownerId}.${this.#sequence}`;
    const cgroupParent = this.#facts.cgroupDriver === 'cgroupfs' ? `/runyard-docker/${sandboxId}` : null;
    const container = await this.#create(sandboxId, limits, cgroupParent);
    const place = new ContainerPlace(container, cgroupParent, limits, {
      engine: this.#options.engine,
      onDiagnostics: (text) => this.#options.onDiagnostics?.(text.toString('utf8')),
      remove: () => this.#remove(container, cgroupParent),
    });
    try {
      await place.begin();
      signal?.throwIfAborted();
      return place;
    } catch (error) {
      await place[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Removes what is still there. Idempotent. */
  async close(): Promise<void> {
    this.#reaper.stop();
    await Promise.all(this.#removals);
    await this.#reaper.removeLeftovers().catch(() => undefined);
  }

  async #create(sandboxId: string, limits: PlaceLimits, cgroupParent: string | null): Promise<Docker.Container> {
    for (let tries = 0; tries < MAX_UID_TRIES; tries += 1) {
      const uid = this.#nextUid;
      this.#nextUid = uid === UIDS.last ? UIDS.first : uid + 1;
      const container = await this.#options.engine.create(
        createBody({
          image: this.#options.image,
          runtime: this.#options.runtime,
          uid,
          sandboxId,
          ownerId: this.#options.ownerId,
          expiresAtMs: Date.now() + limits.deadlineMs + EXPIRY_MARGIN_MS,
          limits,
          cgroupParent,
        }),
      );
      if (container !== null) return container;
    }
    throw new EngineError('create the container', { detail: `${MAX_UID_TRIES} names in a row are taken` });
  }

  /** In the background, so that a result need not wait for it: the uid stays leased by the container's name until it is gone. */
  #remove(container: Docker.Container, cgroupParent: string | null): void {
    const removal = this.#options.engine
      .remove(container)
      .catch((error: unknown) => this.#options.onDiagnostics?.(`${String(error)} (left to the reaper)`))
      .then(() => (cgroupParent === null ? undefined : removeParent(cgroupParent, this.#controllers)))
      .finally(() => this.#removals.delete(removal));
    this.#removals.add(removal);
  }
}

interface PlaceTools {
  readonly engine: Engine;
  readonly onDiagnostics: (text: Buffer) => void;
  readonly remove: () => void;
}

class ContainerPlace implements Place {
  readonly #container: Docker.Container;
  readonly #cgroupParent: string | null;
  readonly #tools: PlaceTools;
  #limits: { memoryBytes: number; processes: number };
  #stream: ContainerStream | null = null;
  #isDisposed = false;

  constructor(container: Docker.Container, cgroupParent: string | null, limits: PlaceLimits, tools: PlaceTools) {
    this.#container = container;
    this.#cgroupParent = cgroupParent;
    this.#limits = limits;
    this.#tools = tools;
  }

  get stream(): Duplex {
    if (this.#stream === null) throw new Error('the place has not begun');
    return this.#stream;
  }

  /** Attach first, then start; `wait` with `next-exit`, since its default condition holds for a created container (F3). */
  async begin(): Promise<void> {
    const socket = await this.#tools.engine.attach(this.#container);
    const stream = new ContainerStream(socket, {
      onDiagnostics: this.#tools.onDiagnostics,
      makeEnd: () => encodeContainerEnd(this.#tools.engine, this.#container, this.#cgroupParent),
    });
    this.#stream = stream;
    // Second witness of the end: an attach stream can stay open without one (F14). It may never settle (F2): nobody awaits it.
    this.#container.wait({ condition: 'next-exit' }).then(
      () => setTimeout(() => stream.finish(), DRAIN_MS).unref(),
      () => undefined,
    );
    await this.#tools.engine.start(this.#container);
  }

  /** The cgroup must hold what this step may have, not the plan's maximum. */
  async prepareStep(limits: SandboxLimits): Promise<void> {
    const wanted = { memoryBytes: limits.memoryBytes, processes: limits.processes };
    if (wanted.memoryBytes === this.#limits.memoryBytes && wanted.processes === this.#limits.processes) return;
    const update = { memoryBytes: wanted.memoryBytes, pidsLimit: pidsLimit(wanted.processes) };
    await this.#tools.engine.update(this.#container, update);
    this.#limits = wanted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isDisposed) return;
    this.#isDisposed = true;
    // The socket goes as well as the container: a kill alone can hang behind an unread stream (F1).
    this.#stream?.destroy();
    this.#tools.remove();
  }
}

/** The engine itself waits two seconds for the streams of a dead container. */
const DRAIN_MS = 2_000;

/** Hierarchies of cgroup v1 on this host, or none. */
async function cgroupV1Controllers(): Promise<readonly string[]> {
  const names = await readdir('/sys/fs/cgroup').catch((): string[] => []);
  return names.includes('memory') ? names : [];
}

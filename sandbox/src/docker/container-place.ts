import type { Duplex } from 'node:stream';
import type Docker from 'dockerode';
import type { SandboxLimits } from '../plan.ts';
import type { EndFrame } from '../protocol/frames.ts';
import { NoRoomError, type Place, type PlaceLimits } from '../sandbox.ts';
import { encodeContainerEnd } from './container-end.ts';
import { ContainerStream } from './container-stream.ts';
import { initialMemoryLimit, initialPidsLimit, memoryLimit, pidsLimit } from './create-body.ts';
import { EngineError } from './deadline.ts';
import type { Engine } from './engine.ts';
import type { ParentCgroups } from './parent-cgroups.ts';

/** The engine itself waits two seconds for the streams of a dead container. */
const DRAIN_MS = 2_000;
const NO_ROOM = 'the memory in use is above the limit';
/** From the kill of an open place until its session has taken note. */
const CLOSING_MS = 2_000;

export interface ContainerPlaceOptions {
  readonly sandboxId: string;
  readonly container: Docker.Container;
  readonly limits: PlaceLimits;
  readonly isGvisor: boolean;
  readonly engine: Engine;
  readonly cgroups: ParentCgroups;
  readonly onDiagnostics: (text: string) => void;
  /** Called once, when the place is done with. */
  readonly onRelease: () => void;
}

/** One container, from attach to removal. */
export class ContainerPlace implements Place {
  readonly #options: ContainerPlaceOptions;
  readonly #released = new AbortController();
  #memoryBytes: number;
  #pidsLimit: number;
  #isFresh = true;
  #stream: ContainerStream | null = null;
  #killedFor: EndFrame['cause'] | null = null;
  #deadline: NodeJS.Timeout | undefined;
  #drain: NodeJS.Timeout | undefined;

  constructor(options: ContainerPlaceOptions) {
    this.#options = options;
    this.#memoryBytes = initialMemoryLimit(options.limits.memoryBytes, options.isGvisor);
    this.#pidsLimit = initialPidsLimit(options.limits.processes, options.isGvisor);
  }

  get stream(): Duplex {
    if (this.#stream === null) throw new Error('the place has not begun');
    return this.#stream;
  }

  /** Attach first, then start: else the output of short programs is lost (F14). Throws EngineError; then dispose of it. */
  async begin(): Promise<void> {
    const { engine, container, limits, cgroups, sandboxId, onDiagnostics } = this.#options;
    const socket = await engine.attach(container);
    const usage = () => cgroups.usage(sandboxId);
    const stream = new ContainerStream(socket, {
      onDiagnostics: (text) => onDiagnostics(text.toString('utf8')),
      makeEnd: () => encodeContainerEnd({ engine, container, usage, killedFor: () => this.#killedFor }),
    });
    // Stays: an error with nobody listening, before the session begins or after it, must not end the process.
    stream.on('error', () => undefined);
    this.#stream = stream;
    await engine.start(container);
    this.#watchEnd(stream);
    this.#deadline = setTimeout(() => void this.#kill('deadline'), limits.deadlineMs);
  }

  /** Second witness of the end: an attach stream can stay open without one (F14). */
  #watchEnd(stream: ContainerStream): void {
    this.#options.engine.ended(this.#options.container, this.#released.signal).then(
      () => {
        if (!this.#released.signal.aborted) this.#drain = setTimeout(() => stream.finish(), DRAIN_MS);
      },
      () => undefined,
    );
  }

  /** END tells the cause. */
  async #kill(cause: EndFrame['cause']): Promise<void> {
    this.#killedFor ??= cause;
    const { engine, container, cgroups, sandboxId } = this.#options;
    await engine.kill(container).catch(() => cgroups.kill(sandboxId));
  }

  /** Kills it, tells the session so, and is done with it. */
  async close(): Promise<void> {
    const { promise: isTold, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, CLOSING_MS);
    if (this.#stream === null || this.#stream.closed) resolve();
    this.#stream?.once('close', resolve);
    void this.#kill('closing');
    await isTold;
    clearTimeout(timer);
    await this[Symbol.asyncDispose]();
  }

  /** The cgroup must hold what this step may have, not the plan's maximum. */
  async prepareStep(limits: SandboxLimits): Promise<void> {
    const { container, cgroups, sandboxId, isGvisor } = this.#options;
    const memoryBytes = memoryLimit(limits.memoryBytes, isGvisor);
    const wanted = { memoryBytes, pidsLimit: pidsLimit(limits.processes, isGvisor) };
    if (wanted.memoryBytes !== this.#memoryBytes || wanted.pidsLimit !== this.#pidsLimit) {
      await this.#limit(wanted);
      this.#memoryBytes = wanted.memoryBytes;
      this.#pidsLimit = wanted.pidsLimit;
    }
    await cgroups.restartPeak(sandboxId, container.id, this.#isFresh);
    this.#isFresh = false;
  }

  /** By the parent cgroup where it is ours to write, else by the engine. */
  async #limit({ memoryBytes, pidsLimit: tasks }: { memoryBytes: number; pidsLimit: number }): Promise<void> {
    const { engine, container, cgroups, sandboxId, isGvisor } = this.#options;
    const outcome = await cgroups.limit(sandboxId, { memoryBytes, tasks });
    if (outcome === 'in-use') throw new NoRoomError(NO_ROOM);
    // gVisor's program cannot change limits: those of the container, the largest of all steps, hold.
    if (outcome === 'set' || isGvisor) return;
    await engine.update(container, { memoryBytes, pidsLimit: tasks }).catch((error: unknown) => {
      throw isMemoryInUse(error) ? new NoRoomError(NO_ROOM, { cause: error }) : error;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#released.signal.aborted) return;
    this.#released.abort();
    clearTimeout(this.#deadline);
    clearTimeout(this.#drain);
    // The socket goes as well as the container: a kill alone can hang behind an unread stream (F1).
    this.#stream?.destroy();
    this.#options.onRelease();
  }
}

/** The engine hands on its runtime's words: runc 1.1 and later says the first, others hand on the kernel's EBUSY. */
function isMemoryInUse(error: unknown): boolean {
  return error instanceof EngineError && /unable to set memory limit|resource busy/i.test(error.message);
}

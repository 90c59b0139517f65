import { LABEL } from './create-body.ts';
import type { Engine } from './engine.ts';

const EVERY_MS = 10_000;

/** Removes containers that no place will: those of a former process of this owner, and those past their deadline, whoever made them. */
export class Reaper {
  readonly #engine: Engine;
  readonly #ownerId: string;
  #timer: NodeJS.Timeout | undefined;

  constructor(engine: Engine, ownerId: string) {
    this.#engine = engine;
    this.#ownerId = ownerId;
  }

  start(): void {
    // A failed sweep is the engine's trouble, which the health check tells; the next one tries again.
    this.#timer = setInterval(() => void this.removeExpired().catch(() => undefined), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Only while no place of this owner is open: at start and at the end. Resolves to how many there were. */
  async removeLeftovers(): Promise<number> {
    return await this.#removeWhere(`${LABEL.owner}=${this.#ownerId}`, () => true);
  }

  async removeExpired(nowMs: number = Date.now()): Promise<number> {
    return await this.#removeWhere(LABEL.sandbox, (labels) => Number(labels[LABEL.expires] ?? 0) < nowMs);
  }

  async #removeWhere(label: string, isLeft: (labels: Record<string, string>) => boolean): Promise<number> {
    const left = (await this.#engine.listByLabel(label)).filter((container) => isLeft(container.Labels));
    await Promise.all(left.map((container) => this.#engine.remove(this.#engine.docker.getContainer(container.Id))));
    return left.length;
  }
}

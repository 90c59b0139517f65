import { LABEL } from './create-body.ts';
import type { Engine, ListedContainer } from './engine.ts';
import type { ParentCgroups } from './parent-cgroups.ts';

const EVERY_MS = 10_000;

export interface ReaperOptions {
  readonly engine: Pick<Engine, 'listByLabel' | 'removeById'>;
  readonly cgroups: Pick<ParentCgroups, 'list' | 'remove'>;
  readonly ownerId: string;
  /** Whether a place of this process, or its removal, is under way under that id. */
  readonly isOpen: (sandboxId: string) => boolean;
}

/**
 * Removes containers that no place will: those that this owner has no place for (a former process of it, an answer that
 * was lost, a removal that failed), and those past their deadline, whoever made them. With them go their cgroups.
 */
export class Reaper {
  readonly #options: ReaperOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ReaperOptions) {
    this.#options = options;
  }

  start(): void {
    // A failed sweep is the engine's trouble, which the health check tells; the next one tries again.
    this.#timer = setInterval(() => void this.sweep().catch(() => undefined), EVERY_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Resolves to how many containers there were. Throws EngineError. */
  async sweep(nowMs: number = Date.now()): Promise<number> {
    const all = await this.#options.engine.listByLabel(LABEL.sandbox);
    const left = all.filter((container) => this.#isLeft(container, nowMs));
    await Promise.all(left.map((container) => this.#options.engine.removeById(container.id)));
    const ids = await this.#options.cgroups.list();
    const mine = ids.filter((id) => id.startsWith(`${this.#options.ownerId}.`) && !this.#options.isOpen(id));
    const theirs = left.map((container) => container.labels[LABEL.sandbox] ?? '').filter(Boolean);
    await Promise.all([...new Set([...mine, ...theirs])].map((id) => this.#options.cgroups.remove(id)));
    return left.length;
  }

  #isLeft({ labels }: ListedContainer, nowMs: number): boolean {
    // One without a time is its owner's alone.
    const expires = labels[LABEL.expires];
    if (expires !== undefined && expires !== '' && Number(expires) < nowMs) return true;
    return labels[LABEL.owner] === this.#options.ownerId && !this.#options.isOpen(labels[LABEL.sandbox] ?? '');
  }
}

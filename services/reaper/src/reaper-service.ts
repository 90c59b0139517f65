import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, HostReaper, ParentCgroups, type Reaped } from '@runyard/sandbox/docker';
import type { Logger } from '@runyard/shared/logging';
import { Counters } from '@runyard/shared/process';

const ENGINE_RETRY_MS = 2_000;
/** Three sweeps that failed in a row. */
const STALE_MS = 20_000;

export interface ReaperServiceOptions {
  readonly engine: Engine;
  readonly logger: Logger;
}

/** The host's reaper with its log and its numbers. An engine that does not answer is waited for; troubles are told once. */
export class ReaperService {
  readonly #reaper: HostReaper;
  readonly #logger: Logger;
  /** Anything above 0 outside of fault tests is somebody's omission. */
  readonly counters = new Counters('runyard', ['orphans_reaped']);
  #isTroubled = false;

  private constructor({ engine, logger }: ReaperServiceOptions, cgroups: ParentCgroups) {
    this.#logger = logger;
    this.#reaper = new HostReaper({
      engine,
      cgroups,
      onReaped: (reaped) => this.#tell(reaped),
      onTrouble: (error) => this.#tellTrouble(error),
    });
  }

  /** Resolves after the first sweep. Rejects only when `signal` aborts. */
  static async start(options: ReaperServiceOptions, signal: AbortSignal): Promise<ReaperService> {
    const cgroups = await untilAnswering(options, signal);
    const service = new ReaperService(options, cgroups);
    await service.#reaper.start();
    return service;
  }

  async stop(): Promise<void> {
    await this.#reaper.stop();
  }

  get isHealthy(): boolean {
    const atMs = this.#reaper.lastSweepAtMs;
    return atMs !== null && performance.now() - atMs < STALE_MS;
  }

  /** Whether a container of this owner is left that was made before that time, as far as the last sweep saw. */
  hasLeft(ownerId: string, beforeMs: number): boolean {
    return this.#reaper.known.some(
      ({ labels, createdAtMs }) => labels['runyard.owner'] === ownerId && createdAtMs <= beforeMs,
    );
  }

  /** After that, `hasLeft` is up to date; false when the engine did not answer. */
  async sweep(): Promise<boolean> {
    const before = this.#reaper.lastSweepAtMs;
    await this.#reaper.sweep();
    return this.#reaper.lastSweepAtMs !== before;
  }

  #tell(reaped: Reaped): void {
    if (reaped.isRemoved) this.counters.add('orphans_reaped');
    const message = reaped.isRemoved ? 'removed a container that was left' : 'killed what the engine does not remove';
    this.#logger.warn({ ...reaped, orphansReapedTotal: this.counters.get('orphans_reaped') }, message);
    this.#isTroubled = false;
  }

  #tellTrouble(error: unknown): void {
    if (!this.#isTroubled) this.#logger.error({ err: error }, 'the engine does not answer; will go on trying');
    this.#isTroubled = true;
  }
}

async function untilAnswering({ engine, logger }: ReaperServiceOptions, signal: AbortSignal): Promise<ParentCgroups> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ParentCgroups.of(await engine.facts());
    } catch (error) {
      if (tries === 0) logger.error({ err: error }, 'the engine does not answer; waiting for it');
      await sleep(ENGINE_RETRY_MS, undefined, { signal });
    }
  }
}

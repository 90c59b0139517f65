import { setTimeout as sleep } from 'node:timers/promises';
import type { InstalledLanguage } from '@runyard/shared/domain';
import type { Logger } from '@runyard/shared/logging';
import type { Clock } from '@runyard/shared/ports';

/** Where gateways learn which toolchains programs meet. */
interface LanguageFactsSink {
  putLanguageVersion(fact: {
    readonly language: string;
    readonly toolchain: string;
    readonly worker: string;
    readonly nowMs: number;
  }): Promise<void>;
}

export interface PublishLanguagesDeps {
  readonly facts: LanguageFactsSink;
  readonly languages: readonly InstalledLanguage[];
  readonly worker: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Often enough that a table which was made anew knows soon, rarely enough to cost nothing. */
const EVERY_MS = 3600_000;
const RETRY_MS = 10_000;

/** Tells what was found here, now and every hour, until `signal` aborts. A failure is logged and tried again. */
export async function publishLanguages(deps: PublishLanguagesDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const isTold = await tellAll(deps);
    await sleep(isTold ? EVERY_MS : RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

async function tellAll({ facts, languages, worker, clock, logger }: PublishLanguagesDeps): Promise<boolean> {
  try {
    for (const { id, toolchain } of languages) {
      await facts.putLanguageVersion({ language: id, toolchain, worker, nowMs: clock.nowMs() });
    }
    return true;
  } catch (error) {
    logger.warn({ err: error }, 'toolchain versions not published, trying again');
    return false;
  }
}

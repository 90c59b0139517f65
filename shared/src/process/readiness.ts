import { AppError } from '../errors/index.ts';
import type { Logger } from '../logging/index.ts';

/** A balancer and a person together may ask often; the answer is this old at most. */
const ANSWER_LIFE_MS = 1000;
const CHECK_DEADLINE_MS = 2000;

export interface ProbeResult {
  readonly isReady: boolean;
  /** For operators, such as `last run 12 s ago`; no secrets, as `/health/ready` shows it. */
  readonly detail?: string;
}

/** Says whether one part can do its work now. */
export type ReadinessProbe = () => Promise<ProbeResult>;

export interface ReadinessReport {
  readonly isReady: boolean;
  readonly checks: Readonly<Record<string, ProbeResult>>;
}

export interface ReadinessDeps {
  readonly probes: Readonly<Record<string, ReadinessProbe>>;
  readonly isDraining: () => boolean;
  readonly logger: Logger;
}

/** Whether this process can do its work: each part is asked, with a deadline; a silent part is not ready. */
export class Readiness {
  readonly #deps: ReadinessDeps;
  #answer: Promise<ReadinessReport> | null = null;
  #askedAtMs = 0;

  constructor(deps: ReadinessDeps) {
    this.#deps = deps;
  }

  async report(): Promise<ReadinessReport> {
    if (this.#deps.isDraining()) {
      return { isReady: false, checks: { server: { isReady: false, detail: 'shutting down' } } };
    }
    if (this.#answer === null || performance.now() - this.#askedAtMs > ANSWER_LIFE_MS) {
      this.#askedAtMs = performance.now();
      this.#answer = this.#ask();
    }
    return this.#answer;
  }

  async #ask(): Promise<ReadinessReport> {
    const results = await Promise.all(
      Object.entries(this.#deps.probes).map(async ([name, probe]) => [name, await this.#guarded(name, probe)] as const),
    );
    return { isReady: results.every(([, result]) => result.isReady), checks: Object.fromEntries(results) };
  }

  async #guarded(name: string, probe: ReadinessProbe): Promise<ProbeResult> {
    const late = Promise.withResolvers<ProbeResult>();
    const timer = setTimeout(() => {
      late.resolve({ isReady: false, detail: 'no answer in time' });
    }, CHECK_DEADLINE_MS);
    try {
      return await Promise.race([probe(), late.promise]);
    } catch (error) {
      this.#deps.logger.warn({ err: error, check: name }, 'readiness check failed');
      // The message of an AppError is made for everybody; of any other error it is not.
      return { isReady: false, detail: error instanceof AppError ? error.message : 'unreachable' };
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A probe of something that has a `ping`. */
export function answers(part: { ping(): Promise<void> }): ReadinessProbe {
  return async () => {
    await part.ping();
    return { isReady: true };
  };
}

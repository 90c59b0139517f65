import { AppError } from '@runyard/shared/errors';
import type { ArtifactStore, JobQueue, JobStore } from '@runyard/shared/ports';
import type { Logger } from 'pino';
import type { ProbeResult, ReadinessProbe } from './ports.ts';

/** A balancer and a person together may ask often; the answer is this old at most. */
const ANSWER_LIFE_MS = 1000;
const CHECK_DEADLINE_MS = 2000;

export interface Readiness {
  readonly isReady: boolean;
  readonly checks: Readonly<Record<string, ProbeResult>>;
}

export interface CheckHealthDeps {
  readonly store: JobStore;
  readonly queue: JobQueue;
  readonly artifacts: ArtifactStore;
  readonly sandboxProbe: ReadinessProbe;
  readonly isDraining: () => boolean;
  readonly logger: Logger;
}

/** Whether new jobs would be accepted and run: each part is asked, with a deadline; a silent part is not ready. */
export class CheckHealth {
  readonly #deps: CheckHealthDeps;
  #answer: Promise<Readiness> | null = null;
  #askedAtMs = 0;

  constructor(deps: CheckHealthDeps) {
    this.#deps = deps;
  }

  async readiness(): Promise<Readiness> {
    if (this.#deps.isDraining()) {
      return { isReady: false, checks: { server: { isReady: false, detail: 'shutting down' } } };
    }
    if (this.#answer === null || performance.now() - this.#askedAtMs > ANSWER_LIFE_MS) {
      this.#askedAtMs = performance.now();
      this.#answer = this.#ask();
    }
    return this.#answer;
  }

  async #ask(): Promise<Readiness> {
    const { store, queue, artifacts, sandboxProbe } = this.#deps;
    const probes: Record<string, ReadinessProbe> = {
      store: () => answers(store),
      queue: () => answers(queue),
      artifacts: () => answers(artifacts),
      sandbox: sandboxProbe,
    };
    const results = await Promise.all(
      Object.entries(probes).map(async ([name, probe]) => [name, await this.#guarded(name, probe)] as const),
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

async function answers(part: { ping(): Promise<void> }): Promise<ProbeResult> {
  await part.ping();
  return { isReady: true };
}

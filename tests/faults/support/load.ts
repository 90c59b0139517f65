import { setTimeout as sleep } from 'node:timers/promises';
import type { AwsWorld, LaneLanguage } from './aws-world.ts';
import { type ExpectedJob, program } from './rounds.ts';

/** Clients that keep submitting, at random moments and whatever they are answered, until they are stopped. */
export class Load {
  readonly #submissions: Promise<ExpectedJob>[] = [];
  readonly #end = new AbortController();
  readonly #loop: Promise<void>;

  constructor(world: AwsWorld, options: { readonly everyMs: number; readonly language?: LaneLanguage }) {
    this.#loop = this.#run(world, { language: 'bash', ...options });
  }

  /** Resolves when all that was submitted is accepted. */
  async stop(): Promise<readonly ExpectedJob[]> {
    this.#end.abort();
    await this.#loop;
    return Promise.all(this.#submissions);
  }

  async #run(world: AwsWorld, { everyMs, language }: { everyMs: number; language: LaneLanguage }): Promise<void> {
    const { signal } = this.#end;
    for (let n = 0; !signal.aborted; n += 1) {
      const submission = world
        .submitSurely(program(language, n, Math.random() * 0.3), language)
        .then((job) => ({ job, stdout: `${n}\n` }));
      submission.catch(() => undefined); // Told by `stop`.
      this.#submissions.push(submission);
      await sleep(everyMs * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
    }
  }
}

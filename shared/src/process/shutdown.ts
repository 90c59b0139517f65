import type { Logger } from '../logging/index.ts';

interface Step {
  readonly name: string;
  readonly run: () => Promise<void> | void;
}

/**
 * What must be undone, in the order in which it shall be undone: the reverse of how parts add themselves. Runs once; a step
 * that fails does not keep the next ones from running.
 */
export class Shutdown {
  readonly #steps: Step[] = [];
  readonly #logger: Logger;
  #end: Promise<void> | null = null;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  get hasBegun(): boolean {
    return this.#end !== null;
  }

  /** Undone before everything that was added earlier. */
  add(name: string, run: Step['run']): void {
    this.#steps.unshift({ name, run });
  }

  run(): Promise<void> {
    this.#end ??= this.#runSteps();
    return this.#end;
  }

  async #runSteps(): Promise<void> {
    for (const { name, run } of this.#steps) {
      try {
        await run();
      } catch (error) {
        this.#logger.error({ err: error, step: name }, 'a step of the shutdown failed');
      }
    }
  }
}

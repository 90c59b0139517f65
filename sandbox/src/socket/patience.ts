/** A signal that aborts after `ms` or with one of the others, until it is disposed of. */
export class Patience implements Disposable {
  readonly #controller = new AbortController();
  readonly #others: readonly AbortSignal[];
  readonly #timer: NodeJS.Timeout;

  constructor(ms: number, ...others: readonly (AbortSignal | undefined)[]) {
    this.#others = others.filter((other) => other !== undefined);
    this.#timer = setTimeout(this.#end, ms);
    for (const other of this.#others) {
      if (other.aborted) this.#end();
      else other.addEventListener('abort', this.#end, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly #end = (): void => {
    this.#controller.abort();
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const other of this.#others) other.removeEventListener('abort', this.#end);
  }
}

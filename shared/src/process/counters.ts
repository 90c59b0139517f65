/**
 * How often things happened in this process since it started, for `/metrics` in the text format of Prometheus. A name that was
 * declared shows from the start with 0, so that whoever reads it can tell "never" from "no such counter".
 */
export class Counters {
  readonly #prefix: string;
  readonly #counts: Map<string, number>;
  readonly #gauges: ReadonlyMap<string, () => number>;

  /** `prefix` such as `runyard_executor`; names in snake_case without prefix and without `_total`. */
  constructor(prefix: string, names: readonly string[], gauges: Readonly<Record<string, () => number>> = {}) {
    this.#prefix = prefix;
    this.#counts = new Map(names.map((name) => [name, 0]));
    this.#gauges = new Map(Object.entries(gauges));
  }

  add(name: string, by = 1): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }

  get(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  render(): string {
    const counts = [...this.#counts].map(([name, count]) => metric(`${this.#prefix}_${name}_total`, 'counter', count));
    const gauges = [...this.#gauges].map(([name, read]) => metric(`${this.#prefix}_${name}`, 'gauge', read()));
    return [...counts, ...gauges].join('');
  }
}

function metric(name: string, type: 'counter' | 'gauge', value: number): string {
  return `# TYPE ${name} ${type}\n${name} ${value}\n`;
}

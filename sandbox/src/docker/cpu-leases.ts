/** Which sandbox has which CPU to itself. When all are taken, further ones share all. */
export class CpuLeases {
  readonly #free: number[];
  readonly #holders = new Map<string, number>();

  constructor(cpus: readonly number[]) {
    this.#free = [...cpus];
  }

  /** Null when none is free. The same again for who has one. */
  take(sandboxId: string): number | null {
    const cpu = this.#holders.get(sandboxId) ?? this.#free.pop();
    if (cpu === undefined) return null;
    this.#holders.set(sandboxId, cpu);
    return cpu;
  }

  /** Idempotent. */
  give(sandboxId: string): void {
    const cpu = this.#holders.get(sandboxId);
    if (cpu === undefined) return;
    this.#holders.delete(sandboxId);
    this.#free.push(cpu);
  }
}

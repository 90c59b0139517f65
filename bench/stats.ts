/** Nearest-rank percentile of unsorted samples; `share` in 0..1. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const index = Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1));
  return sorted[index] ?? Number.NaN;
}

export function summary(samplesMs: readonly number[]): { p50Ms: number; p95Ms: number; p99Ms: number } {
  return { p50Ms: percentile(samplesMs, 0.5), p95Ms: percentile(samplesMs, 0.95), p99Ms: percentile(samplesMs, 0.99) };
}

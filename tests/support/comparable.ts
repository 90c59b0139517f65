/** Members whose values are times, measurements, or names of one server: the same kind of value is enough. */
const OWN_VALUES: ReadonlySet<string> = new Set([
  'executionId',
  'requestId',
  'outputPath',
  'url',
  'expiresAt',
  'createdAt',
  'updatedAt',
  'startedAt',
  'completedAt',
  'execDurationMs',
  'wallTimeMs',
  'cpuTimeMs',
  'memoryBytes',
  'queueMs',
  'sandboxMs',
  'compileMs',
  'runMs',
  'storeMs',
]);

/** Limits are given, not measured, though they have names of measurements. */
const GIVEN: ReadonlySet<string> = new Set(['limits', 'compileLimits']);

/**
 * The same answer with everything taken out that differs between two runs of the same request: of such members only the kind is
 * left (`number`, `string`, or that it is null).
 */
export function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => comparable(item));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      if (GIVEN.has(name)) return [name, member as unknown];
      return [name, OWN_VALUES.has(name) ? kindOf(member) : comparable(member)];
    }),
  );
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : `a ${typeof value}`;
}

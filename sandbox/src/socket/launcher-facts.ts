/** What a launcher says of itself to whoever may connect: the JSON of a FACTS frame (`sandbox/PROTOCOL.md`). */
export interface LauncherFacts {
  /** Of the launcher alone: `launcher` is its kind, `ownerId` stands in the names of what it makes. */
  readonly launcher: Readonly<Record<string, string>>;
  /** What programs find inside; null when nobody told the launcher. */
  readonly runtimeRoot: string | null;
  /** What the version commands said inside, by language id. */
  readonly toolchains: Readonly<Record<string, string>>;
}

/** Null when the text is something else. Numbers count as their text. */
export function parseLauncherFacts(text: string): LauncherFacts | null {
  const value = parseObject(text);
  const launcher = textsOf(value?.['launcher']);
  if (value === null || launcher?.['launcher'] === undefined) return null;
  const { setup } = value;
  if (setup === null || setup === undefined) return { launcher, runtimeRoot: null, toolchains: {} };
  if (!isObject(setup)) return null;
  const { runtimeRoot } = setup;
  const toolchains = textsOf(setup['toolchains']);
  if (toolchains === null || typeof runtimeRoot !== 'string') return null;
  return { launcher, runtimeRoot, toolchains };
}

export function formatLauncherFacts({ launcher, runtimeRoot, toolchains }: LauncherFacts): string {
  return JSON.stringify({ launcher, setup: runtimeRoot === null ? null : { runtimeRoot, toolchains } });
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

function textsOf(value: unknown): Record<string, string> | null {
  if (!isObject(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([name, fact]) => [name, String(fact)]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { LanguageDirectory } from './language-directory.ts';

/** Where executors tell which toolchains programs meet. */
export interface LanguageFactsSource {
  listLanguageVersions(): Promise<readonly { readonly language: string; readonly toolchain: string }[]>;
}

/** While executors of some language have not told yet, and afterwards. */
const SOON_MS = 5_000;
const LATER_MS = 60_000;

/** Reads what executors told. A failure is logged: what was known stays. */
export async function learnLanguages(
  directory: LanguageDirectory,
  { facts, logger }: { readonly facts: LanguageFactsSource; readonly logger: Logger },
): Promise<void> {
  try {
    const found = await facts.listLanguageVersions();
    directory.learn(new Map(found.map(({ language, toolchain }) => [language, toolchain])));
  } catch (error) {
    logger.warn({ err: error }, 'toolchain versions not read, trying again');
  }
}

/** Reads again and again until `signal` aborts. `pause` resolves after the time or when the signal aborts. */
export async function keepLearning(
  directory: LanguageDirectory,
  deps: Parameters<typeof learnLanguages>[1] & { readonly pause?: typeof pauseOf },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const isComplete = directory.catalogue.languages.every(({ version }) => version !== null);
    await (deps.pause ?? pauseOf)(isComplete ? LATER_MS : SOON_MS, signal);
    if (!signal.aborted) await learnLanguages(directory, deps);
  }
}

async function pauseOf(durationMs: number, signal: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, { signal }).catch(() => undefined);
}

import { startTestEngine } from './engine.ts';
import { CACHE_DIR } from './start-test-sandbox.ts';

/** Vitest's global set-up of the docker suite: one engine for all its files, which find it at RUNYARD_TEST_ENGINE. */
export async function setup(): Promise<() => Promise<void>> {
  const engine = await startTestEngine(CACHE_DIR);
  process.env['RUNYARD_TEST_ENGINE'] = engine.socketPath;
  return async () => {
    await engine[Symbol.asyncDispose]();
  };
}

import { Engine } from '../docker/engine.ts';
import { startTestEngine } from './engine.ts';
import { TEST_RUNTIME } from './start-docker-launcher.ts';
import { CACHE_DIR } from './start-test-sandbox.ts';

/** Vitest's global set-up of the docker suite: one engine for all its files, which find it at RUNYARD_TEST_ENGINE. */
export async function setup(): Promise<() => Promise<void>> {
  const engine = await startTestEngine(CACHE_DIR, TEST_RUNTIME === 'runsc' ? { runtimes: ['runsc'] } : {});
  await forgetOldImages(engine.socketPath);
  process.env['RUNYARD_TEST_ENGINE'] = engine.socketPath;
  return async () => {
    await engine[Symbol.asyncDispose]();
  };
}

/** The data root is kept between runs, and each change of the root or the supervisor makes an image more. */
async function forgetOldImages(socketPath: string): Promise<void> {
  const { docker } = new Engine(socketPath);
  await docker.pruneImages({ filters: { dangling: ['true'] } });
  await docker.pruneImages({ filters: { dangling: ['false'], until: ['24h'] } });
}

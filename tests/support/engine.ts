import { request } from 'node:http';
import { startTestEngine, type TestEngine, type TestEngineOptions } from '@runyard/sandbox/testing';

export type { TestEngine };

const CACHE_DIR = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';

/** A Docker engine of the tests' own; images are kept in the cache folder. */
export function startEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  return startTestEngine(CACHE_DIR, options);
}

/** Names of all containers, running or not. */
export async function containersOf(engine: TestEngine): Promise<readonly string[]> {
  const text = await new Promise<string>((resolve, reject) => {
    const options = { socketPath: engine.socketPath, path: '/containers/json?all=1' };
    const asking = request(options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(Buffer.concat(chunks).toString()));
    });
    asking.on('error', reject).end();
  });
  return (JSON.parse(text) as { Names: string[] }[]).flatMap(({ Names }) => Names);
}

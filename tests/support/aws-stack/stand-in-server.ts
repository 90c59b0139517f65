import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnInRoot, type StandInTree } from './enter-root.ts';

/** A quiet machine needs 2 to 4 seconds, one with a load of 6 has needed 30. */
const START_MS = 180_000;
const ASK_EVERY_MS = 100;
const KEPT_CHARACTERS = 8_000;

export interface ServerOptions {
  readonly name: string;
  readonly tree: StandInTree;
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Whether it answers as it should; errors count as no. */
  readonly isReady: () => Promise<boolean>;
}

export interface RunningServer {
  /** Resolves when no process of it is left. */
  stop(): Promise<void>;
}

/** Resolves when the server is ready. Rejects with what it printed when it ends before. */
export async function startServer({ name, isReady, ...options }: ServerOptions): Promise<RunningServer> {
  const child = spawnInRoot({ ...options, role: 'server' });
  let printed = '';
  let ending: string | null = null;
  let isWanted = true;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed = (printed + text).slice(-KEPT_CHARACTERS);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      ending = error.message;
      resolve();
    });
    child.once('close', (code, signal) => {
      ending = `${name} ended by itself (${signal ?? `exit code ${String(code)}`}). Its last words:\n${printed}`;
      // Tests that fail from now on fail for this reason, and cannot know it.
      if (isWanted) process.stderr.write(`aws-stack: ${ending}\n`);
      resolve();
    });
  });
  const stop = async () => {
    isWanted = false;
    child.kill('SIGKILL');
    await ended;
  };

  const giveUpAtMs = performance.now() + START_MS;
  while (!(await isReady().catch(() => false))) {
    const words: string | null =
      ending ?? (performance.now() > giveUpAtMs ? `${name} does not get ready:\n${printed}` : null);
    if (words !== null) {
      await stop();
      throw new Error(words);
    }
    await sleep(ASK_EVERY_MS);
  }
  return { stop };
}

/** A port of the loopback that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

import { containersOf, startEngine, type TestEngine } from '../../support/engine.ts';
import { TestServer } from '../../support/server.ts';
import type { LauncherName } from '../case.ts';
import type { WatchedServer } from './host-state.ts';
import type { ListContainers } from './leftovers.ts';

/** Two for the cases, which may need two jobs at once, and one for the canary. */
const SLOTS = 3;

export interface ServerUnderTest extends WatchedServer, AsyncDisposable {
  readonly server: TestServer;
  readonly containers: ListContainers;
}

/** The machine that cases run on: for docker and runsc with an engine of its own. */
export class AbuseHost implements AsyncDisposable {
  readonly launcher: LauncherName;
  readonly #engine: TestEngine | null;

  /** Throws when there is no engine or no runsc to be had. */
  static async start(launcher: LauncherName): Promise<AbuseHost> {
    if (launcher === 'native') return new AbuseHost(launcher, null);
    return new AbuseHost(launcher, await startEngine({ runtimes: launcher === 'runsc' ? ['runsc'] : [] }));
  }

  private constructor(launcher: LauncherName, engine: TestEngine | null) {
    this.launcher = launcher;
    this.#engine = engine;
  }

  /** A server as its operator starts it, with a data folder of its own. */
  async startServer(env: Readonly<Record<string, string>> = {}): Promise<ServerUnderTest> {
    const server = await TestServer.start({ env: { ...this.#environment(), ...env } });
    try {
      const { ownerId } = await server.client.get<{ ownerId: string }>('/version');
      const engine = this.#engine;
      return {
        server,
        ownerId,
        pid: server.pid,
        dataDir: server.dataDir,
        containers: () => (engine === null ? Promise.resolve([]) : containersOf(engine)),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#engine?.[Symbol.asyncDispose]();
  }

  #environment(): Readonly<Record<string, string>> {
    // Every language is tried by the cases themselves.
    const common = { RUNYARD_SLOTS: String(SLOTS), RUNYARD_STARTUP_CHECK: 'bash' };
    if (this.#engine === null) return { ...common, RUNYARD_SANDBOX: 'native' };
    const docker = { ...common, RUNYARD_SANDBOX: 'docker', DOCKER_HOST: `unix://${this.#engine.socketPath}` };
    return this.launcher === 'runsc' ? { ...docker, SANDBOX_RUNTIME: 'runsc' } : docker;
  }
}

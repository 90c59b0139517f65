import type { Duplex } from 'node:stream';
import Docker from 'dockerode';
import { EngineError, withDeadline } from './deadline.ts';

/** Answers that come from the engine's memory. A healthy engine needs milliseconds. */
const QUICK_MS = 5_000;
/** Calls that make or remove things; slow on a loaded disk. */
const SLOW_MS = 20_000;

export interface EngineFacts {
  readonly version: string;
  readonly apiVersion: string;
  readonly cgroupVersion: string;
  readonly cgroupDriver: string;
  readonly runtimes: readonly string[];
}

export interface ContainerState {
  readonly exitCode: number;
  readonly isRunning: boolean;
  readonly isOomKilled: boolean;
}

/** The calls of the engine that the launcher needs, each with a deadline of ours; no type of dockerode leaves this folder. */
export class Engine {
  readonly docker: Docker;

  constructor(socketPath: string | null) {
    this.docker = socketPath === null ? new Docker() : new Docker({ socketPath });
  }

  async ping(deadlineMs = QUICK_MS): Promise<void> {
    await withDeadline('ping the engine', deadlineMs, this.docker.ping());
  }

  async facts(): Promise<EngineFacts> {
    const info: unknown = await withDeadline('ask the engine what it is', QUICK_MS, this.docker.info());
    const version = await withDeadline('ask the engine for its version', QUICK_MS, this.docker.version());
    const known = info as { CgroupVersion?: string; CgroupDriver?: string; Runtimes?: Record<string, unknown> };
    return {
      version: version.Version,
      apiVersion: version.ApiVersion,
      cgroupVersion: known.CgroupVersion ?? 'unknown',
      cgroupDriver: known.CgroupDriver ?? 'unknown',
      runtimes: Object.keys(known.Runtimes ?? {}),
    };
  }

  /** False when the name is taken (another place has the uid). */
  async create(body: Docker.ContainerCreateOptions): Promise<Docker.Container | null> {
    try {
      return await withDeadline('create the container', SLOW_MS, this.docker.createContainer(body), (late) => {
        void this.remove(late).catch(() => undefined);
      });
    } catch (error) {
      if (error instanceof EngineError && error.statusCode === 409) return null;
      throw error;
    }
  }

  /** Attach before start: output of a short program is lost otherwise (finding F14). */
  async attach(container: Docker.Container): Promise<Duplex> {
    // `_query` and an empty `_body`: dockerode would write its own options in front of the program's stdin.
    const options = {
      _query: { stream: true, stdin: true, stdout: true, stderr: true, logs: false },
      _body: {},
      hijack: true,
    };
    const call = container.attach(options);
    return (await withDeadline('attach to the container', QUICK_MS, call, (late) => {
      (late as Duplex).destroy();
    })) as Duplex;
  }

  async start(container: Docker.Container): Promise<void> {
    await withDeadline('start the container', SLOW_MS, container.start());
  }

  async inspect(container: Docker.Container): Promise<ContainerState> {
    const { State: state } = await withDeadline('inspect the container', QUICK_MS, container.inspect());
    return { exitCode: state.ExitCode, isRunning: state.Running, isOomKilled: state.OOMKilled };
  }

  async update(container: Docker.Container, limits: { memoryBytes: number; pidsLimit: number }): Promise<void> {
    const body = { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes, PidsLimit: limits.pidsLimit };
    await withDeadline('change the limits of the container', QUICK_MS, container.update(body));
  }

  /** Kills and removes. Idempotent: 404 (gone) and 409 (removal under way) are success. */
  async remove(container: Docker.Container): Promise<void> {
    try {
      await withDeadline('remove the container', SLOW_MS, container.remove({ force: true, v: true }));
    } catch (error) {
      if (error instanceof EngineError && (error.statusCode === 404 || error.statusCode === 409)) return;
      throw error;
    }
  }

  async listByLabel(label: string): Promise<readonly Docker.ContainerInfo[]> {
    const query = { all: true, filters: { label: [label] } };
    return await withDeadline('list containers', QUICK_MS, this.docker.listContainers(query));
  }
}

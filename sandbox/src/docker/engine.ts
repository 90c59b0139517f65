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
  /** CPUs of its machine, numbered from 0. */
  readonly cpuCount: number;
}

/** What only `inspect` tells of a container; the doctor and the reaper look from the host's side. */
export interface ContainerTimes {
  /** Epoch ms by the engine's clock; null when it never ran, or never ended. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
  /** Of PID 1 as the host sees it; 0 when it does not run. */
  readonly pid: number;
}

export interface ContainerState {
  readonly exitCode: number;
  readonly isRunning: boolean;
  readonly isOomKilled: boolean;
}

/** A container of ours as the engine lists it. */
export interface ListedContainer {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** `created`, `running`, `paused`, `exited`, `dead`, `removing`, … */
  readonly state: string;
  readonly createdAtMs: number;
}

/** The calls of the engine that the launcher needs, each with a deadline of ours; no type of dockerode leaves this folder. */
export class Engine {
  readonly docker: Docker;

  /** Null: where DOCKER_HOST says, else the usual socket. */
  constructor(socketPath: string | null) {
    this.docker = socketPath === null ? new Docker() : new Docker({ socketPath });
  }

  async ping(deadlineMs = QUICK_MS): Promise<void> {
    const docker: { ping(options: { abortSignal: AbortSignal }): Promise<unknown> } = this.docker;
    await withDeadline('ping the engine', deadlineMs, (abortSignal) => docker.ping({ abortSignal }));
  }

  async facts(): Promise<EngineFacts> {
    const info: unknown = await withDeadline('ask the engine what it is', QUICK_MS, () => this.docker.info());
    const version = await withDeadline('ask the engine for its version', QUICK_MS, () => this.docker.version());
    const known = info as {
      CgroupVersion?: string;
      CgroupDriver?: string;
      Runtimes?: Record<string, unknown>;
      NCPU?: number;
    };
    return {
      version: version.Version,
      apiVersion: version.ApiVersion,
      cgroupVersion: known.CgroupVersion ?? 'unknown',
      cgroupDriver: known.CgroupDriver ?? 'unknown',
      runtimes: Object.keys(known.Runtimes ?? {}),
      cpuCount: known.NCPU ?? 0,
    };
  }

  /**
   * Null when the name is taken (another place has the uid). When it fails without a status the engine may have made the
   * container all the same: the reaper finds it.
   */
  async create(body: Docker.ContainerCreateOptions): Promise<Docker.Container | null> {
    const { name, ...rest } = body;
    try {
      const start = (abortSignal: AbortSignal): Promise<Docker.Container> => {
        // With `_query` the body goes in the body alone; dockerode would write all of it into the address as well.
        const options = { _query: { name }, _body: rest, abortSignal };
        return this.docker.createContainer(options);
      };
      return await withDeadline('create the container', SLOW_MS, start, (late) => {
        void this.remove(late).catch(() => undefined);
      });
    } catch (error) {
      if (error instanceof EngineError && error.statusCode === 409) return null;
      throw error;
    }
  }

  /** Attach before start: output of a short program is lost otherwise (finding F14). */
  async attach(container: Docker.Container): Promise<Duplex> {
    const start = (abortSignal: AbortSignal): Promise<unknown> => {
      // `_query` and an empty `_body`: dockerode would write its own options in front of the program's stdin.
      const query = { stream: true, stdin: true, stdout: true, stderr: true, logs: false };
      const options = { _query: query, _body: {}, hijack: true, abortSignal };
      return container.attach(options);
    };
    const stream = await withDeadline('attach to the container', QUICK_MS, start, (late) => {
      (late as Duplex).destroy();
    });
    return stream as Duplex;
  }

  async start(container: Docker.Container): Promise<void> {
    await withDeadline('start the container', SLOW_MS, (abortSignal) => container.start({ abortSignal }));
  }

  /**
   * Settles when the container does not run: call it after `start`, since a created one does not run either (finding F3). It
   * has no deadline, and when the connection is cut it never settles (F2): nobody may depend on it.
   */
  async ended(container: Docker.Container, signal: AbortSignal): Promise<void> {
    await container.wait({ condition: 'not-running', abortSignal: signal });
  }

  async inspect(container: Docker.Container): Promise<ContainerState> {
    const start = (abortSignal: AbortSignal) => container.inspect({ abortSignal });
    const { State: state } = await withDeadline('inspect the container', QUICK_MS, start);
    return { exitCode: state.ExitCode, isRunning: state.Running, isOomKilled: state.OOMKilled };
  }

  async update(container: Docker.Container, limits: { memoryBytes: number; pidsLimit: number }): Promise<void> {
    const body = { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes, PidsLimit: limits.pidsLimit };
    const start = (abortSignal: AbortSignal): Promise<unknown> => container.update({ ...body, abortSignal });
    await withDeadline('change the limits of the container', QUICK_MS, start);
  }

  /** Idempotent: 404 (gone) and 409 (does not run) are success. */
  async kill(container: Docker.Container): Promise<void> {
    const start = (abortSignal: AbortSignal): Promise<unknown> => container.kill({ abortSignal });
    await unlessGone(withDeadline('kill the container', QUICK_MS, start));
  }

  /** Kills and removes. Idempotent: 404 (gone) and 409 (removal under way) are success. */
  async remove(container: Docker.Container): Promise<void> {
    const start = (abortSignal: AbortSignal): Promise<unknown> =>
      container.remove({ force: true, v: true, abortSignal });
    await unlessGone(withDeadline('remove the container', SLOW_MS, start));
  }

  /** Running or not, of everyone who uses the label (`name` or `name=value`). */
  async listByLabel(label: string): Promise<readonly ListedContainer[]> {
    const query = { all: true, filters: { label: [label] } };
    const start = (abortSignal: AbortSignal) => this.docker.listContainers({ ...query, abortSignal });
    const found = await withDeadline('list containers', QUICK_MS, start);
    return found.map(({ Id: id, Labels: labels, State: state, Created: createdAtSec }) => {
      return { id, labels, state, createdAtMs: createdAtSec * 1000 };
    });
  }

  async timesOf(id: string): Promise<ContainerTimes> {
    const container = this.docker.getContainer(id);
    const start = (abortSignal: AbortSignal) => container.inspect({ abortSignal });
    const { State: state } = await withDeadline('inspect the container', QUICK_MS, start);
    return {
      startedAtMs: epochMs(state.StartedAt),
      finishedAtMs: epochMs(state.FinishedAt),
      pid: state.Running ? state.Pid : 0,
    };
  }

  async removeById(id: string): Promise<void> {
    await this.remove(this.docker.getContainer(id));
  }
}

/** The engine's word for never is a time in year 1. */
function epochMs(text: string): number | null {
  const ms = Date.parse(text);
  return ms > 0 ? ms : null;
}

async function unlessGone(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (error instanceof EngineError && (error.statusCode === 404 || error.statusCode === 409)) return;
    throw error;
  }
}

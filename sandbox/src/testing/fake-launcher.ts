import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import type { Launcher, Place, PlaceLimits } from '../sandbox.ts';
import { FakeSupervisor } from './fake-supervisor.ts';

/** What PID 1 of a fake place does. Its promise is not waited for. */
export type Script = (pid1: FakeSupervisor) => Promise<void> | void;

/** A launcher in memory: each place is a pair of streams with a script at the other end, which may stall, cut or lie. */
export class FakeLauncher implements Launcher {
  readonly name = 'native';
  readonly opened: PlaceLimits[] = [];
  released = 0;
  /** Faults of scripts: a test should find it empty. */
  readonly scriptErrors: unknown[] = [];
  readonly #script: Script;
  readonly #prepareStep: Place['prepareStep'];

  constructor(script: Script, prepareStep?: Place['prepareStep']) {
    this.#script = script;
    this.#prepareStep = prepareStep;
  }

  open(limits: PlaceLimits): Promise<Place> {
    this.opened.push(limits);
    const [hostSide, sandboxSide] = duplexPair();
    const pid1 = new FakeSupervisor(sandboxSide);
    // Only after the host has had its turn, as with a real socket.
    setImmediate(() => {
      Promise.resolve()
        .then(() => this.#script(pid1))
        .catch((error: unknown) => this.scriptErrors.push(error));
    });
    return Promise.resolve(this.#placeOf(hostSide));
  }

  describe(): Readonly<Record<string, string>> {
    return { launcher: 'fake' };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #placeOf(stream: Duplex): Place {
    return {
      stream,
      ...(this.#prepareStep && { prepareStep: this.#prepareStep }),
      [Symbol.asyncDispose]: () => {
        this.released += 1;
        stream.destroy();
        return Promise.resolve();
      },
    };
  }
}

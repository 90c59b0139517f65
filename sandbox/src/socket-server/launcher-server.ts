import { createServer, type Server, type Socket } from 'node:net';
import type { Launcher } from '../sandbox.ts';
import { formatLauncherFacts, type LauncherFacts } from '../socket/launcher-facts.ts';
import { encodeFacts } from '../socket/probe.ts';
import { Connection } from './connection.ts';
import { listenAt, type SocketAccess } from './listen.ts';
import type { PlaceBounds } from './open-request.ts';

export interface LauncherServerOptions {
  readonly launcher: Launcher;
  /** Rejects while no place can be made. */
  readonly check: () => Promise<void>;
  readonly setup: Pick<LauncherFacts, 'runtimeRoot' | 'toolchains'>;
  readonly bounds: PlaceBounds;
  readonly maxPlaces: number;
  readonly socketPath: string;
  readonly access: SocketAccess;
  readonly onTrouble: (text: string) => void;
  readonly limits?: Partial<ServerLimits>;
}

interface ServerLimits {
  /** Places, questions, and connections that say nothing. Further ones are hung up on. */
  readonly maxConnections: number;
  /** What one client, and all together, may leave unread. */
  readonly maxUnreadBytes: number;
  readonly maxUnreadBytesOfAll: number;
  readonly openMs: number;
  readonly finishMs: number;
}

const MIB = 2 ** 20;
const DEFAULT_LIMITS: ServerLimits = {
  maxConnections: 256,
  maxUnreadBytes: 32 * MIB,
  maxUnreadBytesOfAll: 256 * MIB,
  openMs: 5_000,
  finishMs: 10_000,
};

/** Places of any launcher for whoever may connect to a Unix socket: OPEN and PROBE, nothing else. */
export class LauncherServer {
  readonly #options: LauncherServerOptions;
  readonly #limits: ServerLimits;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #facts: LauncherFacts;
  #places = 0;
  #checking: Promise<void> | null = null;

  private constructor(options: LauncherServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#facts = { launcher: options.launcher.describe(), ...options.setup };
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
    this.#server.maxConnections = this.#limits.maxConnections;
    this.#server.on('drop', () => options.onTrouble('too many connections'));
  }

  /** Throws LauncherFailure when the socket cannot be had. */
  static async start(options: LauncherServerOptions): Promise<LauncherServer> {
    const server = new LauncherServer(options);
    await listenAt(server.#server, options.socketPath, options.access);
    return server;
  }

  get facts(): LauncherFacts {
    return this.#facts;
  }

  /** Takes nobody any more. What runs is ended by closing the launcher, which tells the hosts so; then `hangUp`. */
  stopListening(): void {
    this.#server.close();
  }

  hangUp(): void {
    for (const connection of this.#connections) connection.destroy();
  }

  #accept(socket: Socket): void {
    const { launcher, bounds, maxPlaces, onTrouble } = this.#options;
    const { openMs, finishMs } = this.#limits;
    const connection = new Connection({
      socket,
      launcher,
      bounds,
      facts: () => this.#askFacts(),
      enter: () => {
        if (this.#places >= maxPlaces) return false;
        this.#places += 1;
        return true;
      },
      leave: () => (this.#places -= 1),
      onUnread: () => this.#boundUnread(),
      onTrouble,
      onClose: () => this.#connections.delete(connection),
      patience: { openMs, finishMs },
    });
    this.#connections.add(connection);
  }

  /** One question to the engine at a time, whoever asks. */
  async #askFacts(): Promise<Buffer> {
    this.#checking ??= this.#options.check().finally(() => (this.#checking = null));
    await this.#checking;
    return encodeFacts(formatLauncherFacts(this.#facts));
  }

  /** The greediest goes first. */
  #boundUnread(): void {
    let sum = 0;
    let greediest: Connection | null = null;
    for (const connection of this.#connections) {
      sum += connection.unreadBytes;
      if (greediest === null || connection.unreadBytes > greediest.unreadBytes) greediest = connection;
    }
    const isTooMuch = sum > this.#limits.maxUnreadBytesOfAll;
    if (greediest === null || (!isTooMuch && greediest.unreadBytes <= this.#limits.maxUnreadBytes)) return;
    this.#options.onTrouble('a client does not read what its program prints');
    greediest.destroy();
  }
}

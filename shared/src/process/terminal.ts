/** What set-up says of itself, as the sandbox's parts do. */
export interface Progress {
  readonly phase: string;
  readonly message: string;
}

/** Where the start tells a person what happens: standard output, apart from the log. */
export interface TerminalStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** A long phase without news repeats its line in a pipe, so that a log shows that it lives. */
const PIPE_REMINDER_MS = 15_000;
const TERMINAL_REFRESH_MS = 1_000;
/** Also where the terminal does not know its width and says 0. */
const DEFAULT_COLUMNS = 80;

/**
 * Plain lines, and one running line for what takes long: on a terminal it counts the seconds in place, in a pipe it is
 * written when it changes and every 15 s.
 */
export class Terminal {
  readonly #stream: TerminalStream;
  readonly #nowMs: () => number;
  #running: { text: string; startedAtMs: number; timer: NodeJS.Timeout } | null = null;

  constructor(stream: TerminalStream, nowMs: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#nowMs = nowMs;
  }

  line(text = ''): void {
    this.done();
    this.#stream.write(`${text}\n`);
  }

  /** Begins or changes the running line; its time counts from its first text until `done`. */
  running(text: string): void {
    if (this.#running?.text === text) return;
    this.done();
    const startedAtMs = this.#nowMs();
    const isTerminal = this.#stream.isTTY === true;
    const timer = setInterval(() => this.#show(), isTerminal ? TERMINAL_REFRESH_MS : PIPE_REMINDER_MS);
    timer.unref();
    this.#running = { text, startedAtMs, timer };
    this.#show();
  }

  /** Ends the running line and leaves its last state. */
  done(): void {
    if (this.#running === null) return;
    clearInterval(this.#running.timer);
    if (this.#stream.isTTY === true) {
      this.#show();
      this.#stream.write('\n');
    }
    this.#running = null;
  }

  /** For the listeners of set-up. */
  readonly progress = ({ phase, message }: Progress): void => {
    if (phase === 'done') this.done();
    else this.running(`  ${message}`);
  };

  #show(): void {
    if (this.#running === null) return;
    const { text, startedAtMs } = this.#running;
    const seconds = Math.round((this.#nowMs() - startedAtMs) / 1000);
    const time = seconds === 0 ? '' : ` (${seconds} s)`;
    if (this.#stream.isTTY !== true) {
      this.#stream.write(`${text}${time}\n`);
      return;
    }
    // A line that wraps could not be written again in place.
    const columns = this.#stream.columns ?? 0;
    const room = Math.max((columns > 0 ? columns : DEFAULT_COLUMNS) - time.length - 1, 0);
    this.#stream.write(`\r\u001b[K${text.slice(0, room)}${time}`);
  }
}

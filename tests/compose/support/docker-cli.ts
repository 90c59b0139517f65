import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';

const KEPT_CHARACTERS = 16_000;

/** Docker's command line with its compose plugin against one engine, with a configuration of its own. */
export class DockerCli implements Disposable {
  readonly #program: string;
  readonly #configDir = mkdtempSync(path.join(tmpdir(), 'runyard-docker-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor(options: { program: string; composePlugin: string; socketPath: string }) {
    this.#program = options.program;
    const plugins = path.join(this.#configDir, 'cli-plugins');
    mkdirSync(plugins);
    symlinkSync(options.composePlugin, path.join(plugins, 'docker-compose'));
    this.#env = {
      PATH: process.env['PATH'],
      HOME: this.#configDir,
      DOCKER_CONFIG: this.#configDir,
      DOCKER_HOST: `unix://${options.socketPath}`,
      // Without the buildx plugin the command line asks for the engine's own builder.
      DOCKER_BUILDKIT: '0',
    };
  }

  /** Resolves to what was printed on standard output; rejects with the last words of both streams. */
  async run(args: readonly string[], input?: Readable, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const child = spawn(this.#program, args, {
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      env: { ...this.#env, ...env },
    });
    if (input !== undefined && child.stdin !== null) input.pipe(child.stdin);
    let [printed, all] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      all = (all + text).slice(-KEPT_CHARACTERS);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (all = (all + text).slice(-KEPT_CHARACTERS)));
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject).once('close', resolve);
    });
    if (code !== 0) throw new Error(`docker ${args.join(' ')} failed (${String(code)}):\n${all}`);
    return printed;
  }

  async hasImage(name: string, label?: string): Promise<boolean> {
    const filters = ['--filter', `reference=${name}`, ...(label === undefined ? [] : ['--filter', `label=${label}`])];
    return (await this.run(['images', '--quiet', ...filters])).trim() !== '';
  }

  [Symbol.dispose](): void {
    rmSync(this.#configDir, { recursive: true, force: true });
  }
}

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DOCKER_COMPOSE, ensureDebianProgram } from '@runyard/sandbox/testing';
import { startEngine, type TestEngine } from '../../support/engine.ts';
import { DockerCli } from './docker-cli.ts';
import { ensureStandInImages } from './stand-in-images.ts';
import { importRuntimeRoot } from './runtime-image.ts';

const CACHE_DIR = process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';
const PROJECT_DIR = path.resolve(import.meta.dirname, '../../..');

export interface ComposeOptions {
  readonly languages: readonly string[];
  /** `few` or `all`; null: python alone. */
  readonly profile: string | null;
  readonly scale?: Readonly<Record<string, number>>;
  readonly env?: Readonly<Record<string, string>>;
}

export interface ContainerFacts {
  readonly service: string;
  readonly id: string;
  readonly mounts: readonly string[];
  readonly isPrivileged: boolean;
  /** Addresses of the host on which its ports are published. */
  readonly publishedOn: readonly string[];
}

/** The compose file of the product, unchanged, on an engine of the test's own, with ports and a project name of its own. */
export class ComposeProject implements AsyncDisposable {
  readonly url: string;
  readonly engine: TestEngine;
  readonly docker: DockerCli;
  readonly #args: readonly string[];
  readonly #folder: string;

  /** Builds images, starts everything and waits until all of it is healthy. Minutes on a new machine. */
  static async start(options: ComposeOptions, say: (line: string) => void): Promise<ComposeProject> {
    const composePlugin = await ensureDebianProgram(CACHE_DIR, DOCKER_COMPOSE);
    const engine = await startEngine();
    const docker = new DockerCli({ program: 'docker', composePlugin, socketPath: engine.socketPath });
    const folder = mkdtempSync(path.join(tmpdir(), 'runyard-compose-'));
    const ports = { gateway: await freePort(), localstack: await freePort() };
    const project = new ComposeProject({ engine, docker, folder, ports, options });
    try {
      await ensureStandInImages(docker, engine.socketPath, say);
      say('importing the runtime root');
      await importRuntimeRoot(docker);
      say('building the images of the services');
      await project.compose('build', '--quiet');
      say('starting');
      const scale = Object.entries(options.scale ?? {}).flatMap(([name, count]) => ['--scale', `${name}=${count}`]);
      await project.compose('up', '--detach', '--wait', '--wait-timeout', '400', ...scale);
      return project;
    } catch (error) {
      const logs = await project.compose('logs', '--no-color', '--no-log-prefix', '--tail', '30').catch(String);
      await project[Symbol.asyncDispose]();
      throw new Error(`compose did not come up:\n${logs.slice(-12_000)}`, { cause: error });
    }
  }

  private constructor(parts: {
    engine: TestEngine;
    docker: DockerCli;
    folder: string;
    ports: { gateway: number; localstack: number };
    options: ComposeOptions;
  }) {
    const { engine, docker, folder, ports, options } = parts;
    this.engine = engine;
    this.docker = docker;
    this.#folder = folder;
    this.url = `http://localhost:${ports.gateway}`;
    const envFile = path.join(folder, '.env');
    writeFileSync(envFile, environmentText(engine, ports, options));
    this.#args = [
      'compose',
      `--project-name=runyard-test-${randomBytes(3).toString('hex')}`,
      `--env-file=${envFile}`,
      `--project-directory=${PROJECT_DIR}`,
      ...(options.profile === null ? [] : ['--profile', options.profile]),
    ];
  }

  compose(...args: readonly string[]): Promise<string> {
    return this.docker.run([...this.#args, ...args]);
  }

  async containers(): Promise<readonly ContainerFacts[]> {
    const ids = (await this.compose('ps', '--all', '--quiet')).trim().split('\n');
    const inspected = JSON.parse(await this.docker.run(['inspect', ...ids])) as InspectedContainer[];
    return inspected.map(({ Id, Config, HostConfig, Mounts }) => ({
      service: Config.Labels['com.docker.compose.service'] ?? '',
      id: Id,
      mounts: Mounts.map(({ Source }) => Source),
      isPrivileged: HostConfig.Privileged || HostConfig.CapAdd !== null,
      publishedOn: Object.values(HostConfig.PortBindings ?? {}).flatMap((bound) => bound.map(({ HostIp }) => HostIp)),
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '15').catch(() => '');
    this.docker[Symbol.dispose]();
    await this.engine[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

interface InspectedContainer {
  readonly Id: string;
  readonly Config: { readonly Labels: Readonly<Record<string, string>> };
  readonly HostConfig: {
    readonly Privileged: boolean;
    readonly CapAdd: readonly string[] | null;
    readonly PortBindings: Readonly<Record<string, readonly { readonly HostIp: string }[]>> | null;
  };
  readonly Mounts: readonly { readonly Source: string }[];
}

function environmentText(
  engine: TestEngine,
  ports: { gateway: number; localstack: number },
  { languages, env }: ComposeOptions,
): string {
  const values = {
    PORT: String(ports.gateway),
    LOCALSTACK_PORT: String(ports.localstack),
    RUNYARD_PUBLIC_URL: `http://localhost:${ports.gateway}`,
    S3_PUBLIC_ENDPOINT: `http://localhost:${ports.localstack}`,
    DOCKER_SOCKET: engine.socketPath,
    RUNYARD_LANGUAGES: languages.join(','),
    // The engine of the tests has no bridge to the outside.
    RUNYARD_BUILD_NETWORK: 'host',
    RUNYARD_LAUNCHER_NETWORK: 'host',
    ...env,
  };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}

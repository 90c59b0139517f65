/**
 * `npm start`: gateway, executor and sweeper in one process on the embedded backend.
 *
 * Parts start in the order in which they need each other and end in the reverse one: readiness goes, no more jobs are
 * taken, running ones finish within the grace, then gateway, launcher and database close. A kill -9 at any moment is
 * survived: the launcher ends with its lifeline, the next start finds leases void and messages visible again.
 */
import { hostname } from 'node:os';
import path from 'node:path';
import { startGateway } from '@runyard/api-gateway';
import { Executor } from '@runyard/executor';
import { loadLanguages } from '@runyard/shared/languages';
import { createLogger } from '@runyard/shared/logging';
import { Sweeper } from '@runyard/sweeper';
import manifest from '../package.json' with { type: 'json' };
import { linkVerifier } from './artifact-links.ts';
import { chooseLanguages } from './choose-languages.ts';
import { loadConfig } from './config.ts';
import { openBackend } from './embedded-backend.ts';
import { requireSandboxHost } from './host.ts';
import { clientUrl, readyLines } from './ready-lines.ts';
import { sandboxReadiness } from './readiness.ts';
import { runProcess, type RunningServer } from './run-process.ts';
import { SampleRecord } from './sample-record.ts';
import { setUpSandbox } from './set-up-sandbox.ts';
import { Shutdown } from './shutdown.ts';
import { StartupCheck } from './startup-check.ts';
import { Terminal } from './terminal.ts';

const LANGUAGES_DIR = path.resolve(import.meta.dirname, '../../../languages');
/** The embedded backend is one cell. */
const CELL = 0;
/** Requests that still run when all jobs have ended get so long to be answered. */
const GATEWAY_GRACE_MS = 5_000;

const terminal = new Terminal(process.stdout);

async function start(signal: AbortSignal): Promise<RunningServer> {
  const isRoot = process.getuid?.() === 0;
  const { gateway: gatewayConfig, executor: executorConfig, server: config } = loadConfig(process.env, isRoot);
  const { version } = manifest;
  const architecture = requireSandboxHost(config, { platform: process.platform, architecture: process.arch, isRoot });
  const logger = createLogger({
    service: 'runyard',
    version,
    level: config.logLevel ?? (process.stderr.isTTY ? 'warn' : 'info'),
    destination: { write: (line) => void process.stderr.write(line) },
  });
  const shutdown = new Shutdown(logger);
  try {
    terminal.line(`Runyard ${version}`);
    const known = await loadLanguages(LANGUAGES_DIR, { architecture });
    const wanted = chooseLanguages('RUNYARD_LANGUAGES', executorConfig.languages, known);

    let url = '';
    const backend = await openBackend(config.dataDir, () => gatewayConfig.publicUrl ?? url);
    shutdown.add('backend', () => backend.close());
    terminal.line(`Data ${config.dataDir}, cache ${config.cacheDir}`);

    const { launcher, sandbox, languages, host } = await setUpSandbox({
      languages: wanted,
      cacheDir: config.cacheDir,
      maySetUp: config.maySetUp,
      environment: process.env,
      terminal,
      logger,
      signal,
    });
    shutdown.add('launcher', () => launcher.close());

    const check = new StartupCheck({
      languages: chooseLanguages('RUNYARD_STARTUP_CHECK', config.startupCheck, languages),
      sandbox,
      artifacts: backend.artifacts,
      record: SampleRecord.open(config.cacheDir, host),
      logger,
    });
    await check.beforeReady(terminal, signal);

    const worker = `${hostname()}-${process.pid}`;
    const executor = new Executor({ ...backend, sandbox, languages, logger }, { slots: executorConfig.slots, worker });
    const sweeper = new Sweeper({ ...backend, messages: backend.queue, logger });
    await sweeper.repairAfterCrash();

    const gateway = await startGateway({
      ...backend,
      config: gatewayConfig,
      languages,
      logger,
      cell: CELL,
      version: { version, details: { ...launcher.describe(), runtimeRoot: host.rootId, node: process.version } },
      sandboxProbe: async () =>
        sandboxReadiness({
          isStopping: shutdown.hasBegun,
          faultsInARow: executor.faultsInARow,
          samples: check.states,
        }),
      verifyArtifactLink: linkVerifier(backend.secret),
    });
    shutdown.add('gateway', () => gateway.drain(GATEWAY_GRACE_MS));
    url = clientUrl(gateway.address);

    executor.start();
    sweeper.start();
    shutdown.add('sweeper', () => sweeper.stop());
    shutdown.add('executor', () => executor.drain(config.drainMs));
    const laterChecks = check.afterReady(signal);
    shutdown.add('startup check', () => laterChecks);

    const language = languages.find(({ id }) => id === 'python') ?? languages[0];
    const startMs = performance.now();
    for (const line of readyLines({ url: gatewayConfig.publicUrl ?? url, startMs, language })) terminal.line(line);
    return { stop: () => shutdown.run() };
  } catch (error) {
    terminal.done();
    await shutdown.run();
    throw error;
  }
}

await runProcess(start, (line) => terminal.line(line));

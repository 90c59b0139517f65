import { writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  BASE_ENVIRONMENT,
  DEFAULT_EXEC_TIMEOUT_SEC,
  type InstalledLanguage,
  resolveLimits,
  runCommand,
} from '@runyard/shared/domain';
import { installedLanguages, loadLanguages, rootRecipeOf } from '@runyard/shared/languages';
import { ensureRuntimeRoot } from '@runyard/sandbox/runtime-root';
import { startTestEngine } from '@runyard/sandbox/testing';
import { type BareCase, BareRunner } from './bare.ts';
import { HELLO } from './programs.ts';
import { Server } from './server.ts';
import { Service, type ServiceSample } from './service.ts';
import { percentile, summary } from './stats.ts';

/*
 * What the service costs over the bare process, through the public HTTP API.
 *
 * Bare and service runs alternate, one after the other, so that a machine whose speed drifts changes both; the ratio of the
 * medians is the result, absolute times are only shown. Throughput is measured in slices of seconds, bare and service in
 * turn. Nothing here fails when slow: it is a measurement, not a test.
 */

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '40' },
    'slice-seconds': { type: 'string', default: '3' },
    slices: { type: 'string', default: '3' },
    clients: { type: 'string', default: '2,4,8' },
    languages: { type: 'string', default: '' },
    launcher: { type: 'string', default: 'native' },
    json: { type: 'string' },
  },
});

const rounds = Number(options.rounds);
const sliceSeconds = Number(options['slice-seconds']);
const slices = Number(options.slices);

const languages = await findLanguages();
await using bare = new BareRunner(languages.rootDir);
// An engine of the bench's own: what runs on the host's would be measured too.
await using engine = options.launcher === 'docker' ? await startTestEngine(cacheDir()) : null;
await using server = await Server.start({
  RUNYARD_SANDBOX: options.launcher,
  ...(engine === null ? {} : { DOCKER_HOST: `unix://${engine.socketPath}` }),
});
const service = new Service(server.url);
const idleMiB = server.residentMiB();

const latency = [];
for (const language of languages.chosen) latency.push(await measureLatency(language));
const throughput = [];
const python = languages.chosen.find((language) => language.id === 'python');
for (const clients of python === undefined ? [] : options.clients.split(',').map(Number)) {
  throughput.push(await measureThroughput(python as InstalledLanguage, clients));
}

const result = {
  conditions: {
    launcher: options.launcher,
    cores: cpus().length,
    kernel: release(),
    node: process.version,
    rounds,
    sliceSeconds,
    slices,
  },
  idleMiB: Math.round(idleMiB),
  residentMiB: Math.round(server.residentMiB()),
  latency,
  throughput,
};
console.table(latency.map(({ parts, ...row }) => ({ ...row, ...parts })));
console.table(throughput);
console.log(
  JSON.stringify({ conditions: result.conditions, idleMiB: result.idleMiB, residentMiB: result.residentMiB }),
);
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);

async function findLanguages(): Promise<{ chosen: readonly InstalledLanguage[]; rootDir: string }> {
  const only = options.languages === '' ? undefined : options.languages.split(',');
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x64';
  const all = await loadLanguages(join(import.meta.dirname, '..', 'languages'), { architecture });
  const root = await ensureRuntimeRoot(rootRecipeOf(all), {
    cacheDir: cacheDir(),
    mayInstall: true,
    environment: process.env,
  });
  const installed = installedLanguages(all, root.manifest.toolchains);
  const chosen = installed.filter((language) => language.id in HELLO && (only?.includes(language.id) ?? true));
  return { chosen, rootDir: root.dir };
}

/** The server's default for root, which the bench needs to be. */
function cacheDir(): string {
  return process.env['RUNYARD_CACHE_DIR'] ?? '/var/cache/runyard';
}

function bareCase(language: InstalledLanguage): BareCase {
  const { sourceFile, compile, environment } = language;
  const memoryBytes = resolveLimits(language, {}, DEFAULT_EXEC_TIMEOUT_SEC).run.memoryBytes;
  const run = { argv: runCommand(language, memoryBytes) };
  const env = { ...BASE_ENVIRONMENT, ...environment };
  return { sourceFile, code: HELLO[language.id] as string, compile, run, env };
}

async function measureLatency(language: InstalledLanguage) {
  const program = bareCase(language);
  const bareMs: number[] = [];
  const samples: ServiceSample[] = [];
  const warmUp = 3;
  for (let round = -warmUp; round < rounds; round += 1) {
    const bareSample = await bare.latencyMs(program);
    const serviceSample = await service.run(language.id, program.code, '1\n');
    if (round < 0) continue;
    bareMs.push(bareSample);
    samples.push(serviceSample);
  }
  const serviceMs = samples.map((sample) => sample.ms);
  return {
    language: language.id,
    ratio: fixed(percentile(serviceMs, 0.5) / percentile(bareMs, 0.5)),
    bareP50Ms: fixed(percentile(bareMs, 0.5)),
    ...fixedAll(summary(serviceMs)),
    parts: medianParts(samples),
  };
}

/** Where the time of a job goes, as the job itself reports it: medians, in milliseconds. */
function medianParts(samples: readonly ServiceSample[]): Readonly<Record<string, number>> {
  const names = ['queueMs', 'sandboxMs', 'compileMs', 'runMs', 'storeMs'] as const;
  return Object.fromEntries(
    names.map((name) => [
      name,
      fixed(
        percentile(
          samples.map((sample) => sample.timings?.[name] ?? 0),
          0.5,
        ),
      ),
    ]),
  );
}

async function measureThroughput(language: InstalledLanguage, clients: number) {
  const program = bareCase(language);
  const bareRates: number[] = [];
  const serviceRates: number[] = [];
  const samplesMs: number[] = [];
  let nodeCpuMs = 0;
  for (let slice = 0; slice < slices; slice += 1) {
    bareRates.push(await bare.rate(program, clients, sliceSeconds));
    const cpuBeforeMs = server.cpuMs();
    const load = { language: language.id, code: program.code, expected: '1\n' };
    const measured = await service.rate(load, clients, sliceSeconds);
    nodeCpuMs += server.cpuMs() - cpuBeforeMs;
    serviceRates.push(measured.perSecond);
    samplesMs.push(...measured.samplesMs);
  }
  const [bareRate, serviceRate] = [percentile(bareRates, 0.5), percentile(serviceRates, 0.5)];
  return {
    language: language.id,
    clients,
    ratio: fixed(serviceRate / bareRate),
    barePerSecond: fixed(bareRate),
    jobsPerSecond: fixed(serviceRate),
    ...fixedAll(summary(samplesMs)),
    nodeCpuMsPerJob: fixed(nodeCpuMs / samplesMs.length),
  };
}

function fixed(value: number): number {
  return Number(value.toFixed(2));
}

function fixedAll<T extends Readonly<Record<string, number>>>(values: T): { [K in keyof T]: number } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fixed(value)])) as {
    [K in keyof T]: number;
  };
}

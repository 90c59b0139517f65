/**
 * `npm run doctor`: what is strong, weak or missing on this host, with the fix of each, and whether a place made by the real
 * launcher is what was reviewed. Exit code 0: jobs can be taken; 1: something that is required does not hold; 2: the doctor
 * itself could not look.
 */
import { release } from 'node:os';
import { Engine } from '@runyard/sandbox/docker';
import {
  checkHost,
  type HostReport,
  hostReportText,
  postureText,
  type PostureResult,
  refusals,
} from '@runyard/sandbox/doctor';
import { ConfigError } from '@runyard/shared/config';
import { type DoctorArguments, type DoctorConfig, loadConfig, parseArguments } from './config.ts';
import { examinePlace } from './posture.ts';

const EXIT_REQUIRED = 1;
const EXIT_DOCTOR = 2;
const FIND_MS = 2_000;
const USAGE = 'usage: npm run doctor -- [--json] [--no-posture]\n';

type Posture =
  | { readonly kind: 'taken'; readonly result: PostureResult }
  | { readonly kind: 'left out'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

const isRoot = process.getuid?.() === 0;

async function main(): Promise<number> {
  const words = parseArguments(process.argv.slice(2));
  if (words === null) {
    process.stderr.write(USAGE);
    return EXIT_DOCTOR;
  }
  const config = loadConfig(process.env, isRoot);
  const launcher = await chooseLauncher(config);
  const report = await checkHost({
    launcher,
    runtime: config.runtime.sandboxRuntime,
    slots: config.slots,
    strict: config.isStrict,
    asksMetadata: true,
  });
  const posture = await posturePart(words, config, launcher);
  process.stdout.write(words.asJson ? jsonOf(launcher, report, posture) : textOf(launcher, report, posture));
  return exitCodeOf(report, posture);
}

/** What takes long, for whoever waits; not part of the report. */
function say(line: string): void {
  process.stderr.write(`  ${line}\n`);
}

/** As the server chooses: docker where an engine answers. */
async function chooseLauncher({ runtime }: DoctorConfig): Promise<'native' | 'docker'> {
  if (runtime.sandbox !== 'auto') return runtime.sandbox;
  return await new Engine(null).ping(FIND_MS).then(
    () => 'docker' as const,
    () => 'native' as const,
  );
}

async function posturePart(
  { takesPosture }: DoctorArguments,
  { runtime }: DoctorConfig,
  launcher: 'native' | 'docker',
): Promise<Posture> {
  if (!takesPosture) return { kind: 'left out', reason: 'as asked' };
  if (!isRoot || process.platform !== 'linux') return { kind: 'left out', reason: 'it needs root on Linux' };
  try {
    const result = await examinePlace({ launcher, config: runtime, environment: process.env, say });
    return { kind: 'taken', result };
  } catch (error) {
    return { kind: 'failed', reason: error instanceof Error ? error.message : String(error) };
  }
}

function textOf(launcher: string, report: HostReport, posture: Posture): string {
  const head = `Runyard with the ${launcher} launcher on kernel ${release()}`;
  const place = posture.kind === 'taken' ? postureText(posture.result) : `Posture: ${posture.kind} (${posture.reason})`;
  const refused = refusals(report);
  const end =
    refused.length === 0 ? 'Nothing that is required is missing.' : `${refused.length} required: no job is taken.`;
  return `${head}\n\n${hostReportText(report)}\n\n${place}\n\n${end}\n`;
}

function jsonOf(launcher: string, report: HostReport, posture: Posture): string {
  const refused = refusals(report).map(({ id }) => id);
  const kernel = release();
  return `${JSON.stringify({ launcher, kernel, ...report, refused, posture }, null, 2)}\n`;
}

function exitCodeOf(report: HostReport, posture: Posture): number {
  const differs = posture.kind === 'taken' && posture.result.differences.length > 0;
  if (refusals(report).length > 0 || differs) return EXIT_REQUIRED;
  return posture.kind === 'failed' ? EXIT_DOCTOR : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = EXIT_DOCTOR;
}

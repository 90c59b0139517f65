import { availableParallelism } from 'node:os';
import { Engine } from '../docker/engine.ts';
import type { HostFacts } from './facts.ts';
import { judge, type HostReport, refusals } from './judge.ts';
import { readEngine } from './readers/engine.ts';
import { type FileReader, hostFiles } from './readers/file-reader.ts';
import { readCpu, readKernel, readMemory } from './readers/kernel.ts';
import { metadataAnswers } from './readers/metadata.ts';
import { readCgroups, readProcesses, readUsers } from './readers/resources.ts';

const MIB = 1024 * 1024;

export interface CheckHostOptions {
  readonly launcher: 'native' | 'docker';
  /** Where the engine is: a path, or null for where DOCKER_HOST or the usual socket says. Only asked with docker. */
  readonly dockerSocket?: string | null;
  /** SANDBOX_RUNTIME. */
  readonly runtime?: string | null;
  /** The launcher is a process of its own (RUNYARD_LAUNCHER_SOCKET). */
  readonly hasLauncherSocket?: boolean;
  readonly slots?: number;
  /** Most that a job may ask for. */
  readonly slotMemoryBytes?: number;
  /** RUNYARD_STRICT */
  readonly strict?: boolean;
  /** Opens one connection to the cloud's metadata address; the doctor does, a start does not. */
  readonly asksMetadata?: boolean;
  readonly files?: FileReader;
}

/** Reads this host and judges it. Never rejects: what cannot be read is `unknown`. Takes a fraction of a second. */
export async function checkHost(options: CheckHostOptions): Promise<HostReport> {
  return judge(await readFacts(options), options.strict ?? false);
}

async function readFacts(options: CheckHostOptions): Promise<HostFacts> {
  const files = options.files ?? hostFiles;
  const cores = availableParallelism();
  const asksMetadata = options.asksMetadata ?? false;
  return {
    platform: process.platform,
    architecture: process.arch,
    isRoot: process.getuid?.() === 0,
    launcher: options.launcher,
    kernel: readKernel(files),
    memory: readMemory(files),
    cgroups: readCgroups(files),
    cpu: readCpu(files, cores),
    users: readUsers(files),
    processes: readProcesses(files, process.pid),
    network: { metadataAnswers: asksMetadata ? await metadataAnswers() : null },
    engine: options.launcher === 'docker' ? await engineFacts(options) : null,
    plan: {
      slots: options.slots ?? cores,
      slotMemoryBytes: options.slotMemoryBytes ?? 1024 * MIB,
      isRuntimeNamed: typeof options.runtime === 'string',
      hasLauncherSocket: options.hasLauncherSocket ?? false,
    },
  };
}

/** Null when it does not answer: who needs it says so better. */
async function engineFacts(options: CheckHostOptions): Promise<HostFacts['engine']> {
  const engine = new Engine(options.dockerSocket ?? null);
  return await readEngine(engine, options.runtime ?? null).catch(() => null);
}

/** Why a start must be refused, with the fix of each reason; null: it may go on. */
export function startupRefusal(report: HostReport): string | null {
  const reasons = refusals(report).map(({ id, found, why, fix }) => `${id}: ${found}. ${why}\n  ${fix}`);
  if (reasons.length === 0) return null;
  return ['This host does not have what sandboxes need.', ...reasons, 'npm run doctor tells more.'].join('\n');
}

/** One line that names what could be better here; null when nothing could. */
export function advisedLine(report: HostReport): string | null {
  const refused = new Set(refusals(report));
  const weak = report.findings.filter(
    (finding) => !['ok', 'unknown'].includes(finding.status) && !refused.has(finding),
  );
  if (weak.length === 0) return null;
  return `this host could be stronger: ${weak.map(({ id }) => id).join(', ')}; npm run doctor says how`;
}

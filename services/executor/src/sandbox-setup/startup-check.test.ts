import type { SandboxPlan, SandboxReport, StepReport } from '@runyard/sandbox';
import { FilesystemArtifactStore } from '@runyard/shared/adapters/filesystem';
import { systemClock } from '@runyard/shared/adapters/in-process';
import { StartupError } from '@runyard/shared/errors';
import { silentLogger } from '@runyard/shared/logging';
import { aLanguage, TemporaryFolder } from '@runyard/shared/testing';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SampleRecord } from './sample-record.ts';
import { StartupCheck } from './startup-check.ts';
import { Terminal } from '@runyard/shared/process';

const BASH = aLanguage({ id: 'bash' });
const C = aLanguage({ id: 'c', sourceFile: 'main.c', compile: { argv: ['gcc'], outputs: ['main'] } });
const HOST = { rootId: 'root', launcher: 'bin', kernel: '6.1' };
const never = new AbortController().signal;

let folder: TemporaryFolder;
/** Source files of the plans that were run. */
let ran: string[];
let printed: string;

beforeEach(() => {
  folder = new TemporaryFolder();
  ran = [];
  printed = 'hello\n';
});

afterEach(() => {
  folder[Symbol.dispose]();
});

function check(host = HOST): StartupCheck {
  const directory = folder.join('artifacts');
  const secret = new Uint8Array(32);
  return new StartupCheck({
    languages: [C, BASH],
    sandbox: { run: async (plan) => runPlan(plan) },
    artifacts: new FilesystemArtifactStore({ directory, secret, publicBaseUrl: () => '', clock: systemClock }),
    record: SampleRecord.open(folder.path, host),
    logger: silentLogger(),
  });
}

function runPlan(plan: SandboxPlan): SandboxReport {
  ran.push(plan.files[0]?.path ?? '');
  return {
    compile: plan.compile === undefined ? null : aStep(''),
    runs: [aStep(printed)],
    failure: null,
    timings: { openMs: 1, totalMs: 2 },
  };
}

function aStep(printedText: string): StepReport {
  const output = Buffer.from(printedText);
  return {
    ending: { kind: 'exited', exitCode: 0 },
    usage: { wallTimeMs: 1, cpuTimeMs: 1, memoryBytes: 1, memorySource: 'cgroup', processesPeak: 1 },
    output: { combined: output, stdout: output, stderr: Buffer.alloc(0), truncated: false },
    oomInChild: false,
  };
}

function quiet(): Terminal {
  return new Terminal({ write: () => undefined });
}

test('the first start of a host runs every sample before it is ready', async () => {
  const subject = check();
  expect([...subject.states]).toEqual([
    ['c', 'pending'],
    ['bash', 'pending'],
  ]);
  await subject.beforeReady(quiet(), never);
  expect(ran).toEqual(['main.c', 'main.sh']);
  expect([...subject.states.values()]).toEqual(['passed', 'passed']);
});

test('a later start runs the quickest one before and the others after it is ready', async () => {
  await check().beforeReady(quiet(), never);
  ran = [];
  const subject = check();
  await subject.beforeReady(quiet(), never);
  expect(ran).toEqual(['main.sh']);
  expect(subject.states.get('c')).toBe('pending');
  await subject.afterReady(never, () => true);
  expect(ran).toEqual(['main.sh', 'main.c']);
  expect(subject.states.get('c')).toBe('passed');
});

test.each(['rootId', 'launcher', 'kernel'] as const)('another %s is another host', async (key) => {
  await check().beforeReady(quiet(), never);
  ran = [];
  await check({ ...HOST, [key]: 'other' }).beforeReady(quiet(), never);
  expect(ran).toEqual(['main.c', 'main.sh']);
});

test('a wrong answer stops the start and names the language', async () => {
  printed = 'help\n';
  const start = check().beforeReady(quiet(), never);
  await expect(start).rejects.toThrow(StartupError);
  await expect(start).rejects.toThrow(
    'The sample of c does not run as it should: it printed "help\\n" instead of "hello\\n".',
  );
});

test('a wrong answer after the server is ready shows and does not stop it', async () => {
  await check().beforeReady(quiet(), never);
  const subject = check();
  await subject.beforeReady(quiet(), never);
  printed = 'help\n';
  await subject.afterReady(never, () => true);
  expect(subject.states.get('c')).toBe('failed');
});

test('the others wait while jobs take all cores', async () => {
  await check().beforeReady(quiet(), never);
  const subject = check();
  await subject.beforeReady(quiet(), never);
  const stop = new AbortController();
  let asked = 0;
  const hasRoom = (): boolean => {
    asked += 1;
    stop.abort();
    return false;
  };
  await subject.afterReady(stop.signal, hasRoom);
  expect(asked).toBe(1);
  expect(subject.states.get('c')).toBe('pending');
});

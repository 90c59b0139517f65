import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Engine } from '../src/docker/index.ts';
import { comparePosture, differenceText } from '../src/doctor/posture/compare.ts';
import type { PlaceProcesses } from '../src/doctor/posture/observe.ts';
import {
  goldenFile,
  goldenOf,
  HOST_PROBE,
  type PostureKind,
  type PostureProbe,
  sentryProbe,
  takePosture,
} from '../src/doctor/posture/take-posture.ts';
import { withSleeper } from '../src/doctor/posture/sleeper.ts';
import { SupervisedSandbox } from '../src/index.ts';
import { startTestEngine } from '../src/testing/engine.ts';
import { startTestSandbox } from '../src/testing/index.ts';
import { startDockerLauncher } from '../src/testing/start-docker-launcher.ts';
import { CACHE_DIR, TEST_LAUNCHER, testRoot } from '../src/testing/start-test-sandbox.ts';
import { placesOf } from './support/use-sandbox.ts';

/*
 * A place as the host sees it, compared with the reviewed values of src/doctor/posture/golden. When the profile changes on
 * purpose: RUNYARD_UPDATE_POSTURE=true, and review the difference in the commit.
 */

interface Subject extends AsyncDisposable {
  readonly sandbox: SupervisedSandbox;
  readonly ownerId: string;
  readonly probe: PostureProbe;
}

async function startNative(): Promise<Subject> {
  const started = await startTestSandbox({ launcher: 'native' });
  return {
    sandbox: started.sandbox,
    ownerId: started.ownerId,
    probe: HOST_PROBE,
    [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
  };
}

async function startDocker(socketPath: string, runtime: string): Promise<Subject> {
  const parts = { ...(await testRoot()), diagnostics: [] };
  const { launcher, ownerId } = await startDockerLauncher(socketPath, parts, { runtime });
  const probe = runtime === 'runsc' ? sentryProbe(new Engine(socketPath), ownerId) : HOST_PROBE;
  return {
    sandbox: new SupervisedSandbox(launcher),
    ownerId,
    probe,
    [Symbol.asyncDispose]: () => launcher.close(),
  };
}

async function startSubject(kind: PostureKind): Promise<Subject> {
  if (kind === 'native') return startNative();
  if (kind !== 'docker-runsc') return startDocker(process.env['RUNYARD_TEST_ENGINE'] ?? '', kind.slice(7));
  const engine = await startTestEngine(CACHE_DIR, { runtimes: ['runsc'] });
  const subject = await startDocker(engine.socketPath, 'runsc').catch(async (error: unknown) => {
    await engine[Symbol.asyncDispose]();
    throw error;
  });
  return {
    ...subject,
    [Symbol.asyncDispose]: async () => {
      await subject[Symbol.asyncDispose]();
      await engine[Symbol.asyncDispose]();
    },
  };
}

/** What the host decides and is no guard: listed, so that it is seen, and not compared. */
function depends(found: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const names = /\.limit\.(processes|file locks)$|^pid1\.limit\.(pending signals|open files)$|^step\.limit\.cpu time$/;
  const all = Object.keys(found).filter((name) => names.test(name) || name.endsWith('.label'));
  return Object.fromEntries(all.map((name) => [name, '*']));
}

/** crun is not everywhere, and refuses hosts with controllers in both versions of the control groups. */
function canCrun(): boolean {
  const unified = '/sys/fs/cgroup/unified/cgroup.controllers';
  const isMixed = existsSync(unified) && readFileSync(unified, 'utf8').trim() !== '';
  return !isMixed && ['/usr/bin/crun', '/usr/local/bin/crun'].some((file) => existsSync(file));
}

const KINDS: readonly PostureKind[] =
  TEST_LAUNCHER === 'native'
    ? ['native']
    : ['docker-runc', 'docker-runsc', ...(canCrun() ? (['docker-crun'] as const) : [])];

describe.each(KINDS)('%s', (kind) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await startSubject(kind);
  });
  afterAll(async () => {
    await subject[Symbol.asyncDispose]();
  });

  async function changesAfter(weaken: (processes: PlaceProcesses) => void): Promise<readonly string[]> {
    const found = await withSleeper(subject.sandbox, subject.probe.find, (processes) => {
      weaken(processes);
      return subject.probe.observe(processes);
    });
    return comparePosture(goldenOf(kind) ?? {}, found, existsSync).map(differenceText);
  }

  test('a place is what was reviewed', async () => {
    const { found } = await takePosture(subject.sandbox, kind, subject.probe);
    if (process.env['RUNYARD_UPDATE_POSTURE'] === 'true')
      writeFileSync(goldenFile(kind), `${JSON.stringify({ ...found, ...depends(found) }, null, 2)}\n`);
    const differences = comparePosture(goldenOf(kind) ?? {}, found, existsSync);
    expect(differences.map(differenceText)).toEqual([]);
  });

  test.each([
    ['pids', 'pids.max', 'max', /^cgroup\.processes: max instead of \d+$/],
    ['cpu', 'cpu.cfs_quota_us', '-1', /^cgroup\.cpuQuotaUs: -1 instead of 100000$/],
  ])('one whose %s limit was taken away is told by it', async (controller, file, value, expected) => {
    const changes = await changesAfter(() => {
      const groups = placesOf(subject.ownerId).filter((folder) => folder.includes(`/${controller}/`));
      // The group above limits as well, where there is one.
      for (const group of groups)
        for (const folder of [group, below(group)]) writeFileSync(path.join(folder, file), value);
    });
    expect(changes).toEqual([expect.stringMatching(expected)]);
  });

  test('one that the kernel would not end first is told by it', async () => {
    const changes = await changesAfter(({ step }) => writeFileSync(`/proc/${step}/oom_score_adj`, '0'));
    expect(changes).toEqual([expect.stringMatching(/\.oomScoreAdj: 0 instead of (500|1000)$/)]);
  });
});

/** With an engine the container has a group below ours. */
function below(group: string): string {
  const found = readdirSync(group, { withFileTypes: true }).find((entry) => entry.isDirectory());
  return found === undefined ? group : path.join(group, found.name);
}

import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { LABEL } from '../../docker/create-body.ts';
import type { Engine } from '../../docker/engine.ts';
import type { Sandbox } from '../../sandbox.ts';
import { comparePosture, type Difference, differenceText, type GoldenPosture } from './compare.ts';
import { observePlace, type PlaceProcesses, type Posture } from './observe.ts';
import { observeSentry } from './observe-sentry.ts';
import { findOnHost, withSleeper } from './sleeper.ts';

const GOLDEN_DIR = path.join(import.meta.dirname, 'golden');

/** What places are made with, as far as it changes what the host sees. */
export type PostureKind = 'native' | 'docker-runc' | 'docker-crun' | 'docker-runsc';

export interface PostureResult {
  readonly kind: PostureKind;
  readonly found: Posture;
  readonly differences: readonly Difference[];
}

/** Of a runtime by the name that the engine knows it by. */
export function postureKindOf(runtime: string): PostureKind {
  if (runtime.includes('runsc')) return 'docker-runsc';
  return runtime.includes('crun') ? 'docker-crun' : 'docker-runc';
}

/** For a person: that it is what was reviewed, or every difference. */
export function postureText({ kind, found, differences }: PostureResult): string {
  const facts = `${Object.keys(found).length} facts of a place, as the host sees it`;
  if (differences.length === 0) return `Posture (${kind}): ${facts}, are as reviewed.`;
  const lines = differences.map((difference) => `  ${differenceText(difference)}`);
  return [`Posture (${kind}): of ${facts}, ${differences.length} are not as reviewed:`, ...lines].join('\n');
}

/** The file that was reviewed. Null: no such place was reviewed yet. */
export function goldenOf(kind: PostureKind): GoldenPosture | null {
  const file = goldenFile(kind);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as GoldenPosture) : null;
}

export function goldenFile(kind: PostureKind): string {
  return path.join(GOLDEN_DIR, `${kind}.json`);
}

/** How the processes of a place are found, by a text in the program's arguments, and what is read of them. */
export interface PostureProbe {
  readonly find: (token: string) => Promise<PlaceProcesses | null> | PlaceProcesses | null;
  readonly observe: (processes: PlaceProcesses) => Posture;
}

/** For launchers and runtimes that share the host's kernel. */
export const HOST_PROBE: PostureProbe = { find: findOnHost, observe: observePlace };

/** With gVisor the place is the process that the engine tells of. */
export function sentryProbe(engine: Pick<Engine, 'listByLabel' | 'timesOf'>, ownerId: string): PostureProbe {
  return {
    find: async () => {
      // The container of a trial before may still be going, and says `running` until it is gone.
      const [only, ...others] = await engine.listByLabel(`${LABEL.owner}=${ownerId}`);
      const isAlone = others.length === 0 && only?.state === 'running';
      const pid = isAlone ? (await engine.timesOf(only.id)).pid : 0;
      return pid === 0 ? null : { pid1: pid, step: pid };
    },
    observe: ({ pid1 }) => observeSentry(pid1),
  };
}

/**
 * Starts one place through the real launcher and compares what the host sees of it, while a program sleeps inside, with what
 * was reviewed. Needs root and the host's /proc. Throws PostureError when nothing could be looked at.
 */
export async function takePosture(
  sandbox: Sandbox,
  kind: PostureKind,
  probe: PostureProbe = HOST_PROBE,
): Promise<PostureResult> {
  const found = await withSleeper(sandbox, probe.find, probe.observe);
  return { kind, found, differences: comparePosture(goldenOf(kind) ?? {}, found, existsSync) };
}

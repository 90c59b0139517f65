import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sandbox } from '../application/ports.ts';
import { runSample } from '../application/run-sample.ts';
import type { Language } from '@runyard/shared/domain';
import { StartupError } from '@runyard/shared/errors';
import type { Logger } from '@runyard/shared/logging';
import type { ArtifactStore } from '@runyard/shared/ports';
import type { SampleRecord } from './sample-record.ts';
import type { Terminal } from '@runyard/shared/process';

/** Key prefix of what the check stores and removes again: where executors may write, and no job's. */
const CHECK_PREFIX = 'outputs/startup-check/';

/** How often a busy server is asked for room. */
const ROOM_POLL_MS = 500;

export type SampleState = 'pending' | 'passed' | 'failed';

export interface StartupCheckOptions {
  /** Whose samples are run. At least one. */
  readonly languages: readonly Language[];
  readonly sandbox: Sandbox;
  readonly artifacts: ArtifactStore;
  readonly record: SampleRecord;
  readonly logger: Logger;
}

/**
 * Runs the samples through the same path as jobs: plan, sandbox, verdict, stored output. What has never passed on this host
 * is run before the server is ready; when all have, one is run before and the others afterwards, beside the first jobs.
 */
export class StartupCheck {
  readonly #options: StartupCheckOptions;
  readonly #states: Map<string, SampleState>;

  constructor(options: StartupCheckOptions) {
    this.#options = options;
    this.#states = new Map(options.languages.map((language) => [language.id, 'pending']));
  }

  /** State of each language's sample, by id. */
  get states(): ReadonlyMap<string, SampleState> {
    return this.#states;
  }

  /** Throws StartupError naming the first language whose sample does not run as it should. */
  async beforeReady(terminal: Terminal, signal: AbortSignal): Promise<void> {
    for (const language of this.#neededBefore()) {
      terminal.running(`  checking ${language.id}`);
      const reason = await this.#check(language, signal);
      signal.throwIfAborted();
      if (reason !== null) {
        throw new StartupError(
          `The sample of ${language.id} does not run as it should: ${reason}.\nRunyard takes no jobs that it cannot run. To start without the language, leave it out of RUNYARD_LANGUAGES.`,
        );
      }
    }
    terminal.done();
  }

  /**
   * The rest, one after the other, each when `hasRoom` says that it takes no core from a job. A failure is logged and shows
   * in the states; it does not stop the server.
   */
  async afterReady(signal: AbortSignal, hasRoom: () => boolean): Promise<void> {
    for (const language of this.#options.languages) {
      if (this.#states.get(language.id) !== 'pending') continue;
      while (!signal.aborted && !hasRoom()) await sleep(ROOM_POLL_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const reason = await this.#check(language, signal);
      if (reason !== null) this.#options.logger.error({ language: language.id, reason }, 'sample failed');
    }
  }

  #neededBefore(): readonly Language[] {
    const { languages, record } = this.#options;
    const unproven = languages.filter((language) => !record.hasPassed(language));
    if (unproven.length > 0) return unproven;
    // One that needs no compiler is the quickest proof that the sandbox works.
    const quickest = languages.find((language) => language.compile === null) ?? languages[0];
    return quickest === undefined ? [] : [quickest];
  }

  /** Null when the sample passed, else the reason. */
  async #check(language: Language, signal: AbortSignal): Promise<string | null> {
    const { sandbox, artifacts, record } = this.#options;
    const result = await runSample(language, { sandbox, signal });
    if (signal.aborted) return null;
    const reason =
      result.kind === 'failed' ? result.reason : await storeAndRead(artifacts, language.id, result.output.combined);
    this.#states.set(language.id, reason === null ? 'passed' : 'failed');
    if (reason === null) record.add(language);
    return reason;
  }
}

async function storeAndRead(artifacts: ArtifactStore, name: string, output: Uint8Array): Promise<string | null> {
  // Other executors check at the same time.
  const prefix = `${CHECK_PREFIX}${randomUUID()}/`;
  const path = await artifacts.put(`${prefix}${name}`, output, { contentType: 'text/plain; charset=utf-8' });
  const stored = await artifacts.get(path);
  await artifacts.deletePrefix(prefix);
  return stored !== null && Buffer.compare(stored, output) === 0 ? null : 'its output was not stored as it was printed';
}

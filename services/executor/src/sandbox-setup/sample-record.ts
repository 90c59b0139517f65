import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Language } from '@runyard/shared/domain';

/** What a passed sample says something about; another of any of these and it says nothing. */
export interface CheckedHost {
  readonly rootId: string;
  readonly launcher: string;
  readonly kernel: string;
}

/**
 * Remembers which samples have passed on this host, so that a later start need not run them all before it is ready. A note
 * for speed only: a lost or broken file means that samples run again.
 */
export class SampleRecord {
  readonly #file: string;
  readonly #passed: Set<string>;

  /** `folder` below the cache folder is one that this process may write. */
  static open(cacheDir: string, host: CheckedHost, folder = 'samples'): SampleRecord {
    const name = digest([host.rootId, host.launcher, host.kernel]).slice(0, 32);
    const file = path.join(cacheDir, folder, `${name}.json`);
    return new SampleRecord(file, readPassed(file));
  }

  private constructor(file: string, passed: Set<string>) {
    this.#file = file;
    this.#passed = passed;
  }

  /** True only for the very same definition and sample. */
  hasPassed(language: Language): boolean {
    return this.#passed.has(digest(language));
  }

  add(language: Language): void {
    this.#passed.add(digest(language));
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(`${this.#file}.${process.pid}`, JSON.stringify([...this.#passed]));
      renameSync(`${this.#file}.${process.pid}`, this.#file);
    } catch {
      // The next start is slower; nothing else depends on it.
    }
  }
}

function readPassed(file: string): Set<string> {
  try {
    const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return new Set(Array.isArray(content) ? content.filter((entry) => typeof entry === 'string') : []);
  } catch {
    return new Set();
  }
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

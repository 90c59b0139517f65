import { readFile, rename, writeFile } from 'node:fs/promises';

/** What is in a runtime root; stands as `<id>.json` beside the tree. It is written last: a tree without it is not taken. */
export interface RootManifest {
  readonly id: string;
  readonly suite: string;
  /** All suites that packages came from; without `…-security` among them, none of a security update. */
  readonly suites: readonly string[];
  /** Node's name of the architecture: `x64` or `arm64`. */
  readonly architecture: string;
  /** ISO time. */
  readonly builtAt: string;
  readonly buildMs: number;
  /** Disk space of the tree. */
  readonly sizeBytes: number;
  /** Every installed Debian package with its version. */
  readonly debianPackages: Readonly<Record<string, string>>;
  readonly npmPackages: Readonly<Record<string, string>>;
  /** What each version command printed (stdout, then stderr), trimmed, at most 4 KiB. */
  readonly toolchains: Readonly<Record<string, string>>;
}

/** Null when there is none, or it is not whole, or it belongs to another tree. */
export async function readManifest(file: string, id: string): Promise<RootManifest | null> {
  const text = await readFile(file, 'utf8').catch(() => null);
  if (text === null) return null;
  try {
    const manifest = JSON.parse(text) as Partial<RootManifest> | null;
    const isWhole = manifest?.id === id && typeof manifest.toolchains === 'object';
    return isWhole ? (manifest as RootManifest) : null;
  } catch {
    return null;
  }
}

/** Whole or not at all. */
export async function writeManifest(file: string, manifest: RootManifest): Promise<void> {
  const temporary = `${file}.new`;
  await writeFile(temporary, `${JSON.stringify(manifest, null, 2)}\n`, { flush: true });
  await rename(temporary, file);
}

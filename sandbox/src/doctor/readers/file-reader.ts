import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** The host's files as the readers see them; tests put made-up ones in its place. Nothing throws. */
export interface FileReader {
  /** Trimmed; null when it cannot be read. */
  text(path: string): string | null;
  bytes(path: string): Buffer | null;
  names(path: string): readonly string[];
  exists(path: string): boolean;
}

export const hostFiles: FileReader = {
  text: (path) => attempt(() => readFileSync(path, 'utf8').trim(), null),
  bytes: (path) => attempt(() => readFileSync(path), null),
  names: (path) => attempt(() => readdirSync(path), []),
  exists: (path) => existsSync(path),
};

function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

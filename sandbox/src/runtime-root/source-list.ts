import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeRootError } from './runtime-root-error.ts';

/** What one folder of C sources makes. */
export interface SourceList {
  readonly flags: readonly string[];
  /** Source files by name of the binary. */
  readonly binaries: Readonly<Record<string, readonly string[]>>;
}

/** Sources of one folder, in memory, so that what is hashed is what is compiled. */
export interface SourceFolder {
  readonly name: string;
  readonly list: SourceList;
  readonly files: ReadonlyMap<string, Buffer>;
}

const SOURCE_FILE = /^[\w-]+\.[ch]$/;

/** Reads `sources.txt` and every C file beside it. */
export async function readSourceFolder(folder: string): Promise<SourceFolder> {
  const names = (await readdir(folder)).filter((name) => SOURCE_FILE.test(name)).toSorted();
  const text = await readFile(path.join(folder, 'sources.txt'), 'utf8');
  const contents = await Promise.all(names.map((name) => readFile(path.join(folder, name))));
  const files = new Map(names.map((name, index) => [name, contents[index] ?? Buffer.alloc(0)]));
  return { name: path.basename(folder), list: parseSourceList(text, files), files };
}

/**
 * Lines `<binary>: a.c b.c` and one line `flags: …`; `#` starts a comment line. Throws RuntimeRootError `invalid_recipe` for
 * another line and for a file that is not there.
 */
export function parseSourceList(text: string, files: ReadonlyMap<string, unknown>): SourceList {
  const binaries: Record<string, readonly string[]> = {};
  let flags: readonly string[] = [];
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, name, rest] = /^([a-z][a-z\d-]*):(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) throw invalid(`cannot read the line ${JSON.stringify(line)}`);
    const words = rest.split(/\s+/).filter((word) => word !== '');
    if (name === 'flags') {
      flags = words;
      continue;
    }
    const missing = words.filter((word) => !word.endsWith('.c') || !files.has(word));
    if (missing.length > 0 || words.length === 0) throw invalid(`${name} needs ${missing.join(' ') || 'a source'}`);
    binaries[name] = words;
  }
  return { flags, binaries };
}

function invalid(message: string): RuntimeRootError {
  return new RuntimeRootError('invalid_recipe', `sources.txt: ${message}`);
}

import { createHash } from 'node:crypto';
import { RuntimeRootError } from './runtime-root-error.ts';

/** What a runtime root must hold. Pure data; the sandbox does not know what a language is. */
export interface RootRecipe {
  /** Names of Debian packages. The base packages (compiler for our own binaries) are always added. */
  readonly debianPackages: readonly string[];
  /** npm packages by name with exact versions; they land in `/opt/runyard/npm/node_modules`. */
  readonly npmPackages: Readonly<Record<string, string>>;
  /** Content by path inside the root, below `opt/runyard/`; readable by all. Written before `prepare`. */
  readonly files?: Readonly<Record<string, string>>;
  /** Commands run as root inside the finished tree, in order, without network. The first that fails fails the build. */
  readonly prepare: readonly (readonly string[])[];
  /** Commands, by a key of the caller's choice, whose output the manifest keeps under that key. */
  readonly versionCommands: Readonly<Record<string, readonly string[]>>;
}

export const SUITE = 'trixie';

/** The environment of every command that runs inside the root while it is made. */
export const ROOT_PATH = '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin:/opt/runyard/npm/node_modules/.bin';

/** Raised whenever the builder makes a different tree from the same recipe, so that old trees are not taken for new ones. */
const BUILDER_VERSION = 2;

/** Always in the root: our own static binaries are compiled with them. */
const BASE_PACKAGES: readonly string[] = ['base-files', 'gcc', 'libc6-dev'];

const DEBIAN_NAME = /^[a-z0-9][a-z0-9+.-]+$/;
const NPM_NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]*$/;
const FILE_PATH = /^opt\/runyard(\/[\w.-]+)+$/;
const EXACT_VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

/** Names become arguments of package managers: anything that could be read as an option or another source is refused. */
export function checkRecipe(recipe: RootRecipe): void {
  const wrong = [
    ...recipe.debianPackages.filter((name) => !DEBIAN_NAME.test(name)),
    ...Object.entries(recipe.npmPackages)
      .filter(([name, version]) => !NPM_NAME.test(name) || !EXACT_VERSION.test(version))
      .map(([name, version]) => `${name}@${version}`),
    ...Object.keys(recipe.files ?? {}).filter((name) => !FILE_PATH.test(name) || name.includes('..')),
    ...[...recipe.prepare, ...Object.values(recipe.versionCommands)]
      .filter((argv) => !argv[0])
      .map(() => 'empty command'),
  ];
  if (wrong.length > 0)
    throw new RuntimeRootError('invalid_recipe', `the root recipe is not valid: ${wrong.join(', ')}`);
}

/** Packages, npm packages and their order of mention do not matter; the order of `prepare` does. */
export function normaliseRecipe(recipe: RootRecipe): RootRecipe {
  return {
    debianPackages: [...new Set([...BASE_PACKAGES, ...recipe.debianPackages])].sort(),
    npmPackages: sortedRecord(recipe.npmPackages),
    ...(recipe.files && { files: sortedRecord(recipe.files) }),
    prepare: recipe.prepare,
    versionCommands: sortedRecord(recipe.versionCommands),
  };
}

/**
 * Id of the tree: 16 hex digits over builder version, suite, architecture and the normalised recipe (package names, exact npm
 * versions, files, prepare and version commands). Versions of Debian packages are not in it, because a start must know the id
 * without asking the network; the manifest records them.
 */
export function recipeId(recipe: RootRecipe, architecture: string): string {
  const parts = { builder: BUILDER_VERSION, suite: SUITE, architecture, recipe: normaliseRecipe(recipe) };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

function sortedRecord<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}

import type { Language } from './language.ts';
import { nearestName } from './nearest-name.ts';

export type LanguageLookup<L extends Language> =
  | { readonly kind: 'found'; readonly language: L }
  /** `suggestion` is the id of the language with the most similar name, or null when nothing is near. */
  | { readonly kind: 'unknown'; readonly suggestion: string | null };

/** Finds a language by id or alias without regard to case. Immutable; in the order of ids. */
export class LanguageCatalogue<L extends Language = Language> {
  readonly languages: readonly L[];
  readonly #byName = new Map<string, L>();

  /** Throws RangeError when two languages share a name (see `nameClashes`). */
  constructor(languages: readonly L[]) {
    const clashes = nameClashes(languages);
    if (clashes.length > 0) throw new RangeError(clashes.join('; '));
    this.languages = [...languages].sort((a, b) => (a.id < b.id ? -1 : 1));
    for (const language of this.languages) {
      for (const name of namesOf(language)) this.#byName.set(name, language);
    }
  }

  get ids(): readonly string[] {
    return this.languages.map((language) => language.id);
  }

  resolve(name: string): LanguageLookup<L> {
    const language = this.#byName.get(name.toLowerCase());
    if (language) return { kind: 'found', language };
    const nearest = nearestName(name.toLowerCase(), [...this.#byName.keys()]);
    return { kind: 'unknown', suggestion: nearest === null ? null : (this.#byName.get(nearest)?.id ?? null) };
  }
}

/** One sentence per name that more than one language claims, or that one language claims twice. */
export function nameClashes(languages: readonly Language[]): readonly string[] {
  const owners = new Map<string, string>();
  const clashes: string[] = [];
  for (const language of languages) {
    for (const name of namesOf(language)) {
      const owner = owners.get(name);
      if (owner === undefined) owners.set(name, language.id);
      else clashes.push(`the name ${name} is claimed by ${owner} and by ${language.id}`);
    }
  }
  return clashes;
}

/**
 * Whether an installed version (`3.13.5`) is one that the client asked for: `*`, or a dotted prefix (`3`, `3.13`, `3.13.5`).
 * `3.1` does not match `3.13.5`.
 */
export function matchesVersion(installed: string, requested: string): boolean {
  return requested === '*' || installed === requested || installed.startsWith(`${requested}.`);
}

function namesOf(language: Language): readonly string[] {
  return [language.id, ...language.aliases].map((name) => name.toLowerCase());
}

import { type Language, LanguageCatalogue } from '@runyard/shared/domain';

/** A language as clients see it here: with the words of its toolchain, null while nobody has told them. */
export interface ServedLanguage extends Language {
  /** First line of the version command's output. */
  readonly toolchain: string | null;
  /** Dotted version number found in it, such as `3.13.5`. */
  readonly version: string | null;
}

/** What the gateway serves now. */
export interface LanguageSource {
  /** Another object when something has changed. */
  readonly catalogue: LanguageCatalogue<ServedLanguage>;
}

/** Languages whose toolchains stand elsewhere, with what executors have told of them so far. */
export class LanguageDirectory implements LanguageSource {
  readonly #languages: readonly Language[];
  #toolchains: ReadonlyMap<string, string> = new Map();
  #catalogue: LanguageCatalogue<ServedLanguage>;

  constructor(languages: readonly Language[]) {
    this.#languages = languages;
    this.#catalogue = this.#make();
  }

  get catalogue(): LanguageCatalogue<ServedLanguage> {
    return this.#catalogue;
  }

  /** `toolchains`: what version commands printed, by language id. Ids that are not served here do not matter. */
  learn(toolchains: ReadonlyMap<string, string>): void {
    const isNews = this.#languages.some(({ id }) => toolchains.get(id) !== this.#toolchains.get(id));
    if (!isNews) return;
    this.#toolchains = new Map(toolchains);
    this.#catalogue = this.#make();
  }

  #make(): LanguageCatalogue<ServedLanguage> {
    return new LanguageCatalogue(
      this.#languages.map((language) => {
        const toolchain = this.#toolchains.get(language.id) ?? null;
        return { ...language, toolchain, version: /\d+(\.\d+)+/.exec(toolchain ?? '')?.[0] ?? null };
      }),
    );
  }
}

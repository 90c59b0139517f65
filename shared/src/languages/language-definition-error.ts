export interface LanguageProblem {
  /** Path from the languages folder, such as `c/language.json`; empty for a problem of the whole. */
  readonly file: string;
  /** Dotted path inside the file, or empty for the file itself. */
  readonly field: string;
  readonly message: string;
}

/** The languages folder, or the choice from it, cannot be used. Lists every problem, one per line. */
export class LanguageDefinitionError extends Error {
  readonly problems: readonly LanguageProblem[];

  constructor(problems: readonly LanguageProblem[]) {
    super(problems.map(describe).join('\n'));
    this.name = 'LanguageDefinitionError';
    this.problems = problems;
  }
}

function describe(problem: LanguageProblem): string {
  return [problem.file, problem.field, problem.message].filter((part) => part !== '').join(': ');
}

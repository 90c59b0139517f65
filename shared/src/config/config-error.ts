import { StartupError } from '../errors/index.ts';

export interface ConfigProblem {
  /** Name of the environment variable. */
  readonly variable: string;
  readonly message: string;
}

/** The environment does not make a configuration. `message` has one line per variable. */
export class ConfigError extends StartupError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(['Configuration:', ...problems.map(({ variable, message }) => `  ${variable} ${message}`)].join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

import { ConfigError, type ConfigProblem } from './config-error.ts';

/**
 * Calls every loader and gives what they return under the same names. Throws one ConfigError with the problems of all of them.
 */
export function composeConfig<T extends Record<string, unknown>>(loaders: {
  readonly [Name in keyof T]: () => T[Name];
}): T {
  const problems: ConfigProblem[] = [];
  const loaded: Partial<T> = {};
  for (const name of Object.keys(loaders) as (keyof T)[]) {
    try {
      loaded[name] = loaders[name]();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ConfigError(firstPerVariable(problems));
  return loaded as T; // Without a problem every loader has returned.
}

/** An empty value breaks several rules of its variable; the first one says what to do. */
function firstPerVariable(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return problems.filter(({ variable }, index) => problems.findIndex((other) => other.variable === variable) === index);
}

import type { LauncherName, Tag } from '../case.ts';

export interface SuiteOptions {
  readonly launcher: LauncherName;
  readonly tag: Tag;
  /** Only these ids; null: all. */
  readonly only: ReadonlySet<string> | null;
  /** Writes docs/security/abuse-results-<launcher>.md at the end. */
  readonly isReporting: boolean;
  /** RUNYARD_ABUSE_OWN_HOST=1: nothing else works on this machine, so its memory, disk and tasks must be back too. */
  readonly isOwnHost: boolean;
}

const LAUNCHERS: readonly LauncherName[] = ['native', 'docker', 'runsc'];

/** What the variables ask for (`suite.abuse.ts`). Throws for a launcher that there is not. */
export function chosenSuites(): readonly SuiteOptions[] {
  const ids = namesIn('RUNYARD_ABUSE_CASES');
  const only = ids === null ? null : new Set(ids);
  const isOwnHost = process.env['RUNYARD_ABUSE_OWN_HOST'] === '1';
  if (process.env['RUNYARD_ABUSE'] !== 'full') {
    return [{ launcher: 'native', tag: 'fast', only, isReporting: false, isOwnHost }];
  }
  const isReporting = process.env['RUNYARD_ABUSE_REPORT'] === '1';
  return chosenLaunchers().map((launcher) => ({ launcher, tag: 'full', only, isReporting, isOwnHost }));
}

function chosenLaunchers(): readonly LauncherName[] {
  const wanted = namesIn('RUNYARD_ABUSE_LAUNCHERS') ?? LAUNCHERS;
  const unknown = wanted.filter((name) => !LAUNCHERS.some((launcher) => launcher === name));
  if (unknown.length > 0) throw new Error(`RUNYARD_ABUSE_LAUNCHERS: no such launcher: ${unknown.join(', ')}`);
  return LAUNCHERS.filter((launcher) => wanted.includes(launcher));
}

function namesIn(variable: string): readonly string[] | null {
  const value = process.env[variable] ?? '';
  return value === '' ? null : value.split(',').map((name) => name.trim());
}

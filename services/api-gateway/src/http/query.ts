import type { Request } from 'express';
import { fieldError } from './http-error.ts';

/** Longest wait, in seconds: below the idle timeouts that proxies use by default (30 to 60 s). */
const MAX_WAIT_SEC = 25;

/** The query of a request, decoded; whatever the route does not know is refused. */
export class Query {
  readonly #params: URLSearchParams;

  constructor(request: Request, known: readonly string[], repeatable: readonly string[] = []) {
    this.#params = decodedQuery(request.url);
    for (const name of new Set(this.#params.keys())) {
      const path = `/query/${name.slice(0, 100)}`;
      if (repeatable.includes(name)) continue;
      if (!known.includes(name)) throw fieldError(path, 'is not known here');
      if (this.#params.getAll(name).length > 1) throw fieldError(path, 'is given twice');
    }
  }

  get(name: string): string | null {
    return this.#params.get(name);
  }

  getAll(name: string): readonly string[] {
    return this.#params.getAll(name);
  }

  /** `wait` in milliseconds; 0 when absent. */
  waitMs(): number {
    const value = this.get('wait');
    if (value === null) return 0;
    if (!/^\d{1,2}(\.\d{1,3})?$/.test(value) || Number(value) > MAX_WAIT_SEC) {
      throw fieldError('/query/wait', `must be a number of seconds from 0 to ${MAX_WAIT_SEC}`);
    }
    return Math.round(Number(value) * 1000);
  }

  choice<const T extends string>(name: string, values: readonly T[], otherwise: T): T {
    const value = this.get(name);
    if (value === null) return otherwise;
    const chosen = values.find((candidate) => candidate === value);
    if (chosen === undefined) throw fieldError(`/query/${name}`, `must be one of ${values.join(', ')}`);
    return chosen;
  }

  /** `1` or `true`; `0`, `false` and absent are false. */
  flag(name: string): boolean {
    return ['1', 'true'].includes(this.choice(name, ['0', '1', 'false', 'true'], '0'));
  }
}

function decodedQuery(url: string): URLSearchParams {
  const start = url.indexOf('?');
  const text = start === -1 ? '' : url.slice(start + 1);
  try {
    // URLSearchParams would replace what is no UTF-8, or leave a broken escape as it is, without a word.
    if (text.includes('%')) decodeURIComponent(text);
  } catch {
    throw fieldError('/query', 'is not valid percent-encoded UTF-8');
  }
  return new URLSearchParams(text);
}

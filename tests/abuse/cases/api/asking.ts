import type { AnswerExpectation, HttpAct } from '../../case.ts';

export const JSON_TYPE = { 'content-type': 'application/json' };
export const JOB = { language: 'bash', code: 'true' };

/** POST /submit with a body as JSON: an object, or the text itself. */
export function submits(name: string, body: unknown, expect: AnswerExpectation): HttpAct {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return { name, http: { method: 'POST', path: '/submit', headers: JSON_TYPE, body: text }, expect };
}

/** A good submission with some fields otherwise. */
export function submitsWith(
  name: string,
  fields: Readonly<Record<string, unknown>>,
  expect: AnswerExpectation,
): HttpAct {
  return submits(name, { ...JOB, ...fields }, expect);
}

export function gets(path: string, expect: AnswerExpectation, name = path.slice(0, 80)): HttpAct {
  return { name, http: { path }, expect };
}

/** 400 that names the place. */
export function refuses(path: string, code = 'invalid_request'): AnswerExpectation {
  return { statuses: [400], code, paths: [path] };
}

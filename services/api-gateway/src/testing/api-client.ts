/** An answer of the API, read whole. */
export interface ApiAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, unknown>;
}

export async function call(url: string, init: RequestInit = {}): Promise<ApiAnswer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true && text !== '';
  const body = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, text, body };
}

/** POSTs a JSON body: a string or bytes as they are, anything else as JSON. */
export async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const raw = isRaw ? (body as NonNullable<RequestInit['body']>) : JSON.stringify(body);
  return call(url, { method: 'POST', body: raw, headers: { 'Content-Type': 'application/json', ...headers } });
}

export function idOf(answer: ApiAnswer): string {
  const executionId = answer.body['executionId'];
  if (typeof executionId !== 'string') throw new Error(`no job in ${answer.text}`);
  return executionId;
}

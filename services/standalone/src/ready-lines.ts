import type { Language } from '@runyard/shared/domain';

/** Addresses that mean "all of this machine's": not ones to connect to. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]']);

/** Where a client on this machine reaches the server. */
export function clientUrl(address: { readonly host: string; readonly port: number; readonly url: string }): string {
  return WILDCARDS.has(address.host) ? `http://127.0.0.1:${address.port}` : address.url;
}

/** The last lines of a start: how long it took, where the server is, and a first request to paste. */
export function readyLines(options: {
  readonly url: string;
  readonly startMs: number;
  readonly language: Language | undefined;
}): readonly string[] {
  const { url, startMs, language } = options;
  // The request of the README where it works; else one that works here.
  const body =
    language?.id === 'python'
      ? { language: 'python', code: 'print(1)' }
      : { language: language?.id, code: language?.sample.code, input: language?.sample.input };
  return [
    `Ready in ${(startMs / 1000).toFixed(1)} s`,
    url,
    `curl -s '${url}/submit?wait=5' -H 'content-type: application/json' -d ${shellQuoted(JSON.stringify(body))}`,
  ];
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

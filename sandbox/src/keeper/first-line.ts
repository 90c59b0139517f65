/** What the launcher says on stdout before anything else (`sandbox/launcher/say.h`). */
export type FirstLine =
  | { readonly kind: 'ready'; readonly facts: Readonly<Record<string, string>> }
  | { readonly kind: 'refused'; readonly sentence: string }
  | { readonly kind: 'nonsense' };

export function parseFirstLine(line: string): FirstLine {
  const refused = /^refused (.+)$/.exec(line)?.[1];
  if (refused !== undefined) return { kind: 'refused', sentence: refused };
  const json = /^ready (\{.*\})$/.exec(line)?.[1];
  const facts = json === undefined ? null : parseFacts(json);
  return facts === null ? { kind: 'nonsense' } : { kind: 'ready', facts };
}

function parseFacts(json: string): Record<string, string> | null {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    return Object.fromEntries(Object.entries(value).map(([name, fact]) => [name, String(fact)]));
  } catch {
    return null;
  }
}

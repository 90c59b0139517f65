/**
 * One pass over the raw bytes of a JSON document, before `JSON.parse` sees it.
 *
 * `JSON.parse` accepts what hurts later: hundreds of thousands of nested arrays (every recursion behind it overflows the
 * stack), a million keys, `__proto__` as an own key, and a key given twice, of which it keeps the last without a word.
 * The scan refuses these in linear time and constant depth. It does not check the grammar: whatever it cannot follow it
 * passes, because `JSON.parse` refuses exactly that. The bytes must be valid UTF-8.
 */
export interface JsonFault {
  readonly kind: 'too_deep' | 'too_many_values' | 'duplicate_key' | 'forbidden_key';
  /** JSON pointer to the place. */
  readonly pointer: string;
}

export interface JsonBounds {
  /** Nested arrays and objects; the outermost one counts. */
  readonly maxDepth: number;
  /** Elements and members in the whole document. */
  readonly maxValues: number;
}

/** Names through which a careless copy of an object could reach its prototype. No field of ours has such a name. */
const FORBIDDEN_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor']);

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_ARRAY = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

interface Container {
  /** Null in an array. */
  readonly keys: Set<string> | null;
  key: string;
  index: number;
  expectsKey: boolean;
}

/** The first fault of the document, or null. */
export function scanJson(bytes: Buffer, bounds: JsonBounds): JsonFault | null {
  const stack: Container[] = [];
  let top: Container | undefined;
  let values = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at + 1);
      if (top?.keys && top.expectsKey) {
        const fault = takeKey(top, top.keys, bytes.toString('utf8', at + 1, end));
        if (fault !== null) return { kind: fault, pointer: pointerOf(stack) };
      }
      at = end;
    } else if (byte === COMMA) {
      values += 1;
      if (values >= bounds.maxValues) return { kind: 'too_many_values', pointer: pointerOf(stack.slice(0, -1)) };
      if (top) nextElement(top);
    } else if (byte === COLON) {
      if (top) top.expectsKey = false;
    } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      values += 1;
      if (stack.length >= bounds.maxDepth) return { kind: 'too_deep', pointer: pointerOf(stack) };
      top = { keys: byte === OPEN_OBJECT ? new Set() : null, key: '', index: 0, expectsKey: byte === OPEN_OBJECT };
      stack.push(top);
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
      stack.pop();
      top = stack.at(-1);
    }
  }
  return null;
}

/** Index of the closing quote, or the end of the bytes. */
function endOfString(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length) {
    const byte = bytes[at];
    if (byte === QUOTE) return at;
    at += byte === BACKSLASH ? 2 : 1;
  }
  return at;
}

function takeKey(object: Container, keys: Set<string>, raw: string): JsonFault['kind'] | null {
  const key = raw.includes('\\') ? unescape(raw) : raw;
  object.key = key;
  if (FORBIDDEN_KEYS.has(key)) return 'forbidden_key';
  if (keys.has(key)) return 'duplicate_key';
  keys.add(key);
  return null;
}

/** Two spellings of one key are one key: `"a"` and `"\u0061"`. */
function unescape(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw; // Not JSON: JSON.parse will refuse the document.
  }
}

function nextElement(container: Container): void {
  if (container.keys) container.expectsKey = true;
  else container.index += 1;
}

function pointerOf(stack: readonly Container[]): string {
  return toPointer(stack.map((container) => (container.keys ? container.key : container.index)));
}

/** RFC 6901. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

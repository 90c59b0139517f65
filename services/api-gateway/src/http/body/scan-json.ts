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
  return new JsonScan(bytes, bounds).run();
}

class JsonScan {
  readonly #bytes: Buffer;
  readonly #bounds: JsonBounds;
  readonly #stack: Container[] = [];
  #top: Container | undefined;
  #values = 0;
  #fault: JsonFault | null = null;

  constructor(bytes: Buffer, bounds: JsonBounds) {
    this.#bytes = bytes;
    this.#bounds = bounds;
  }

  run(): JsonFault | null {
    const bytes = this.#bytes;
    for (let at = 0; at < bytes.length && this.#fault === null; at += 1) {
      const byte = bytes[at];
      if (byte === QUOTE) at = this.#string(at + 1);
      else if (byte === COMMA) this.#nextValue();
      else if (byte === COLON) this.#expectValue();
      else if (byte === OPEN_OBJECT) this.#open(new Set());
      else if (byte === OPEN_ARRAY) this.#open(null);
      else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) this.#close();
    }
    return this.#fault;
  }

  /** Returns the index of the closing quote. */
  #string(start: number): number {
    const end = endOfString(this.#bytes, start);
    const top = this.#top;
    if (top?.keys && top.expectsKey) this.#takeKey(top, top.keys, this.#bytes.toString('utf8', start, end));
    return end;
  }

  #takeKey(object: Container, keys: Set<string>, raw: string): void {
    const key = raw.includes('\\') ? unescape(raw) : raw;
    object.key = key;
    if (FORBIDDEN_KEYS.has(key)) this.#refuse('forbidden_key');
    else if (keys.has(key)) this.#refuse('duplicate_key');
    else keys.add(key);
  }

  #nextValue(): void {
    this.#count();
    if (this.#top?.keys) this.#top.expectsKey = true;
    else if (this.#top) this.#top.index += 1;
  }

  #expectValue(): void {
    if (this.#top) this.#top.expectsKey = false;
  }

  #open(keys: Set<string> | null): void {
    this.#count();
    if (this.#stack.length >= this.#bounds.maxDepth) {
      this.#refuse('too_deep');
      return;
    }
    this.#top = { keys, key: '', index: 0, expectsKey: keys !== null };
    this.#stack.push(this.#top);
  }

  #close(): void {
    this.#stack.pop();
    this.#top = this.#stack.at(-1);
  }

  #count(): void {
    this.#values += 1;
    if (this.#values > this.#bounds.maxValues) this.#refuse('too_many_values', this.#stack.slice(0, -1));
  }

  #refuse(kind: JsonFault['kind'], place: readonly Container[] = this.#stack): void {
    this.#fault ??= { kind, pointer: pointerOf(place) };
  }
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

/** Two spellings of one key are one key: `"a"` and `"\u0061"`. */
function unescape(raw: string): string {
  try {
    return String(JSON.parse(`"${raw}"`));
  } catch {
    return raw; // Not JSON: JSON.parse will refuse the document.
  }
}

function pointerOf(stack: readonly Container[]): string {
  return toPointer(stack.map((container) => (container.keys ? container.key : container.index)));
}

/** RFC 6901. */
export function toPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

export interface SignedUrl {
  readonly url: string;
  readonly expiresAtMs: number;
}

/** Output bytes by key. A key is one of `shared/src/domain/names.ts`; a path is what `put` returned and the job record keeps. */
export interface ArtifactStore {
  /**
   * Durable and whole, or an error: never a torn object. Returns the path (URI) to store in the job. Written once: the same bytes
   * again are no error (a retry whose first try arrived), others throw ArtifactExistsError and change nothing.
   */
  put(key: string, body: Uint8Array, options: { contentType: string }): Promise<string>;
  /** Null when there is no such object. `offset`/`length` cut the range; past the end gives fewer or no bytes. */
  get(path: string, range?: { offset: number; length: number }): Promise<Uint8Array | null>;
  /** A link that needs no other right and stops working at `expiresAtMs`. Does not check that the object exists. */
  signUrl(path: string, options: { expiresInMs: number; fileName: string }): Promise<SignedUrl>;
  /** Removes every object whose key starts with the prefix. Idempotent. */
  deletePrefix(keyPrefix: string): Promise<void>;
  ping(): Promise<void>;
}

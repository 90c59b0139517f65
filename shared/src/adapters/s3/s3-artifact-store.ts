import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { isObjectKey } from '../../domain/index.ts';
import {
  ArtifactExistsError,
  DependencyUnavailableError,
  FatalDependencyError,
  InternalError,
} from '../../errors/index.ts';
import type { ArtifactStore, Clock, SignedUrl } from '../../ports/index.ts';
import { hasName, translated } from './s3-errors.ts';

/** What `DeleteObjects` takes at once. */
const MAX_DELETE = 1000;
/** A conditional write that meets another of the same key may be told to come again, and find nothing there yet. */
const MAX_TRIES = 5;
/** Output is text for whoever downloads it, whatever it looks like: no browser may run it as a page. */
const DOWNLOAD_TYPE = 'text/plain; charset=utf-8';

export interface S3ArtifactStoreOptions {
  readonly client: S3Client;
  /** Signs links, with the address at which clients reach the bucket. Makes no calls. */
  readonly signingClient: S3Client;
  readonly bucket: string;
  readonly clock: Clock;
}

/**
 * Objects of one bucket; paths look like `s3://<bucket>/outputs/<id>/1/combined.txt`. Retention is the bucket's lifecycle rule
 * (see `bootstrap`); `deletePrefix` is for jobs that are deleted before.
 */
export class S3ArtifactStore implements ArtifactStore {
  readonly #client: S3Client;
  readonly #signingClient: S3Client;
  readonly #bucket: string;
  readonly #clock: Clock;

  constructor(options: S3ArtifactStoreOptions) {
    this.#client = options.client;
    this.#signingClient = options.signingClient;
    this.#bucket = options.bucket;
    this.#clock = options.clock;
  }

  async put(key: string, body: Uint8Array, options: { contentType: string }): Promise<string> {
    if (!isObjectKey(key)) throw new InternalError(new Error(`not an object key: ${key}`));
    await translated(() => this.#putOnce(key, body, options.contentType));
    return this.#scheme + key;
  }

  async get(path: string, range?: { offset: number; length: number }): Promise<Uint8Array | null> {
    const key = this.#keyOf(path);
    return key === null ? null : translated(() => this.#read(key, range));
  }

  /** With credentials of a role the link ends with them, which `expiresAtMs` says. */
  async signUrl(path: string, options: { expiresInMs: number; fileName: string }): Promise<SignedUrl> {
    const key = this.#keyOf(path);
    if (key === null) throw new InternalError(new Error(`not a path of this bucket: ${path}`));
    const nowMs = Math.floor(this.#clock.nowMs() / 1000) * 1000;
    const expiresIn = Math.ceil(options.expiresInMs / 1000);
    const safeName = options.fileName.replaceAll(/[^A-Za-z0-9._-]/g, '_') || 'output';
    const command = new GetObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      ResponseContentType: DOWNLOAD_TYPE,
      ResponseContentDisposition: `attachment; filename="${safeName}"`,
    });
    return translated(async () => {
      const url = await getSignedUrl(this.#signingClient, command, { expiresIn, signingDate: new Date(nowMs) });
      const { expiration } = await this.#signingClient.config.credentials();
      return { url, expiresAtMs: Math.min(nowMs + expiresIn * 1000, expiration?.getTime() ?? Infinity) };
    });
  }

  async deletePrefix(keyPrefix: string): Promise<void> {
    if (!isObjectKey(keyPrefix.replace(/\/$/, '')))
      throw new InternalError(new Error(`not a key prefix: ${keyPrefix}`));
    await translated(async () => {
      const config = { client: this.#client, pageSize: MAX_DELETE };
      for await (const page of paginateListObjectsV2(config, { Bucket: this.#bucket, Prefix: keyPrefix })) {
        await this.#deleteAll((page.Contents ?? []).map(({ Key }) => ({ Key })));
      }
    });
  }

  async ping(): Promise<void> {
    await translated(async () => {
      try {
        await this.#client.send(new HeadBucketCommand({ Bucket: this.#bucket }));
      } catch (error) {
        // An answer without a body has no other name for it.
        if (!hasName(error, 'NotFound')) throw error;
        throw new FatalDependencyError('The artifact store has no bucket for this server.', { cause: error });
      }
    });
  }

  get #scheme(): string {
    return `s3://${this.#bucket}/`;
  }

  /** Null for what `put` of this bucket cannot have returned. */
  #keyOf(path: string): string | null {
    if (!path.startsWith(this.#scheme)) return null;
    const key = path.slice(this.#scheme.length);
    return isObjectKey(key) ? key : null;
  }

  /** The body is a buffer and not a stream: its length and checksum go ahead of it, and a retry can send it again. */
  async #putOnce(key: string, body: Uint8Array, contentType: string): Promise<void> {
    const command = new PutObjectCommand({
      Bucket: this.#bucket,
      Key: key,
      Body: body,
      ContentType: contentType,
      ContentDisposition: 'attachment',
      IfNoneMatch: '*',
    });
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#client.send(command);
        return;
      } catch (error) {
        if (!hasName(error, 'ConditionalRequestConflict', 'PreconditionFailed')) throw error;
        const existing = await this.#read(key, undefined);
        if (existing !== null) {
          // Ours, when the answer to a first try was lost.
          if (Buffer.compare(existing, body) === 0) return;
          throw new ArtifactExistsError(key);
        }
        if (tries >= MAX_TRIES) throw error;
      }
    }
  }

  async #read(key: string, range: { offset: number; length: number } | undefined): Promise<Uint8Array | null> {
    const place = { Bucket: this.#bucket, Key: key };
    try {
      if (range !== undefined && range.length <= 0) {
        await this.#client.send(new HeadObjectCommand(place));
        return new Uint8Array();
      }
      const bytes = range === undefined ? {} : { Range: `bytes=${range.offset}-${range.offset + range.length - 1}` };
      const { Body } = await this.#client.send(new GetObjectCommand({ ...place, ...bytes }));
      return (await Body?.transformToByteArray()) ?? new Uint8Array();
    } catch (error) {
      // A HEAD has no body that could name the error.
      if (hasName(error, 'NoSuchKey', 'NotFound')) return null;
      if (hasName(error, 'InvalidRange')) return new Uint8Array();
      throw error;
    }
  }

  async #deleteAll(objects: { Key: string | undefined }[]): Promise<void> {
    if (objects.length === 0) return;
    const { Errors: errors = [] } = await this.#client.send(
      new DeleteObjectsCommand({ Bucket: this.#bucket, Delete: { Objects: objects, Quiet: true } }),
    );
    if (errors.length === 0) return;
    const cause = new Error(`${errors.length} objects were not deleted, the first one: ${errors[0]?.Code ?? ''}`);
    throw new DependencyUnavailableError('The artifact store does not answer.', { cause });
  }
}

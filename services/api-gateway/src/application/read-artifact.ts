import { AppError, NotFoundError } from '@runyard/shared/errors';
import type { ArtifactStore, Clock } from '@runyard/shared/ports';
import type { ArtifactLinkParts, VerifyArtifactLink } from './ports.ts';

/** Bytes in memory per download, however slow the client is. */
const PIECE_BYTES = 256 * 1024;

export interface OpenArtifact {
  readonly fileName: string;
  readonly sizeBytes: number;
  /** The bytes in pieces. Throws not_found when the object goes away meanwhile. */
  readonly pieces: (offset: number, length: number) => AsyncGenerator<Uint8Array>;
}

/** Opens what a signed link leads to. The signature is the whole right: no owner is asked for. */
export class ReadArtifact {
  readonly #artifacts: ArtifactStore;
  readonly #verify: VerifyArtifactLink;
  readonly #clock: Clock;

  constructor(artifacts: ArtifactStore, verify: VerifyArtifactLink, clock: Clock) {
    this.#artifacts = artifacts;
    this.#verify = verify;
    this.#clock = clock;
  }

  /** Throws AppError: forbidden (bad link or its time is over), not_found (no longer kept), dependency_unavailable. */
  async open(parts: ArtifactLinkParts): Promise<OpenArtifact> {
    const linked = this.#verify(parts, this.#clock.nowMs());
    if (linked === null) throw new AppError('forbidden', 'The link is not valid, or its time is over.');
    const first = await this.#piece(linked.path, 0, PIECE_BYTES);
    const sizeBytes = first.length < PIECE_BYTES ? first.length : await this.#sizeOf(linked.path);
    return {
      fileName: linked.fileName,
      sizeBytes,
      pieces: (offset, length) => this.#pieces(linked.path, { offset, length, first }),
    };
  }

  async *#pieces(path: string, range: { offset: number; length: number; first: Uint8Array }) {
    const end = range.offset + range.length;
    for (let offset = range.offset; offset < end;) {
      const wanted = Math.min(PIECE_BYTES, end - offset);
      const isAtHand = offset + wanted <= range.first.length;
      const piece = isAtHand ? range.first.subarray(offset, offset + wanted) : await this.#piece(path, offset, wanted);
      if (piece.length === 0) throw noLongerKept();
      offset += piece.length;
      yield piece;
    }
  }

  async #piece(path: string, offset: number, length: number): Promise<Uint8Array> {
    const piece = await this.#artifacts.get(path, { offset, length });
    if (piece === null) throw noLongerKept();
    return piece;
  }

  /**
   * The port has no question for the size. Asked for single bytes, an object of 16 MiB tells it in some twenty answers; read
   * whole to be measured, it would be in memory once per download, and clients that never read could fill it.
   */
  async #sizeOf(path: string): Promise<number> {
    const holds = async (bytes: number): Promise<boolean> => (await this.#piece(path, bytes - 1, 1)).length === 1;
    let atLeast = PIECE_BYTES;
    let step = PIECE_BYTES;
    while (await holds(atLeast + step)) {
      atLeast += step;
      step *= 2;
    }
    let tooMany = atLeast + step;
    while (tooMany - atLeast > 1) {
      const middle = Math.floor((atLeast + tooMany) / 2);
      if (await holds(middle)) atLeast = middle;
      else tooMany = middle;
    }
    return atLeast;
  }
}

function noLongerKept(): AppError {
  return new NotFoundError('The output is no longer kept.');
}

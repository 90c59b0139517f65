/** A call of the engine that did not answer, or answered with an error. `statusCode` as the engine gave it, else null. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly statusCode: number | null;

  constructor(what: string, options: { statusCode?: number | null; cause?: unknown; detail?: string }) {
    super(`${what}: ${options.detail ?? 'failed'}`, { cause: options.cause });
    this.statusCode = options.statusCode ?? null;
  }
}

/**
 * Races a call of the engine with our own timer. dockerode's promises can stay pending for ever once the connection is
 * cut after the response headers, and neither its `timeout` nor an abort signal helps then. The signal that the call is
 * given closes the connection of a call that is late, so that an engine that never answers holds no descriptors of ours. An
 * answer that comes too late nevertheless is ignored, unless `onLate` cleans up what it made. Throws EngineError.
 */
export async function withDeadline<T>(
  what: string,
  deadlineMs: number,
  start: (signal: AbortSignal) => Promise<T>,
  onLate?: (value: T) => void,
): Promise<T> {
  const connection = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  let isLate = false;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      isLate = true;
      reject(new EngineError(what, { detail: `no answer within ${deadlineMs} ms` }));
      connection.abort();
    }, deadlineMs);
  });
  try {
    const call = start(connection.signal);
    call.then(
      (value) => {
        if (isLate) onLate?.(value);
      },
      () => undefined,
    );
    return await Promise.race([call, timeout]);
  } catch (error) {
    throw toEngineError(what, error);
  } finally {
    clearTimeout(timer);
  }
}

function toEngineError(what: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error;
  const statusCode = statusCodeOf(error);
  return new EngineError(what, {
    statusCode,
    cause: error,
    detail: error instanceof Error ? error.message : String(error),
  });
}

function statusCodeOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

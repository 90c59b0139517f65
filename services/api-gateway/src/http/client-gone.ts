import type { ServerResponse } from 'node:http';

/** Aborted when the connection ends before the answer is complete, which is when nobody waits for it any more. */
export function abortedWhenGone(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  return controller.signal;
}

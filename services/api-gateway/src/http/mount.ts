import type { Request, RequestHandler, Response, Router } from 'express';
import { type RequestContext, contextOf } from './context.ts';
import { HttpError } from './http-error.ts';
import { sendEmpty } from './send.ts';

export interface Exchange {
  readonly request: Request;
  readonly response: Response;
  readonly context: RequestContext;
  /** What follows the route's path, decoded once; null for the bare path. */
  readonly tail: string | null;
}

type Handler = (exchange: Exchange) => void | Promise<void>;

export interface Methods {
  readonly get?: Handler;
  readonly post?: Handler;
}

/**
 * One path with its methods: GET answers HEAD too, OPTIONS says what there is, anything else is 405 with `Allow`.
 * With `withTail` everything below the path belongs to the route: whatever stands there is an id, good or bad.
 */
export function mount(router: Router, path: string, methods: Methods, options: { withTail?: boolean } = {}): void {
  const allow = [...(methods.get ? ['GET', 'HEAD'] : []), ...(methods.post ? ['POST'] : []), 'OPTIONS'].join(', ');
  router.all(path, dispatcher(path, null, methods, allow));
  if (options.withTail === true) router.all(below(path), dispatcher(`${path}/{id}`, path, methods, allow));
}

function dispatcher(route: string, base: string | null, methods: Methods, allow: string): RequestHandler {
  return async (request, response) => {
    const context = contextOf(response);
    context.route = route;
    const handler = handlerFor(methods, request.method);
    if (handler) {
      const tail = base === null ? null : decodedTail(request.path.slice(base.length + 1));
      await handler({ request, response, context, tail });
    } else if (request.method === 'OPTIONS') {
      sendEmpty(response, 204, { Allow: allow });
    } else {
      throw new HttpError(405, `This path answers ${allow}.`, { Allow: allow });
    }
  };
}

function handlerFor(methods: Methods, method: string): Handler | undefined {
  if (method === 'GET' || method === 'HEAD') return methods.get;
  return method === 'POST' ? methods.post : undefined;
}

/** No capture groups: the router would decode them, and answer what cannot be decoded by itself. */
function below(path: string): RegExp {
  return new RegExp(`^${path}/.+$`, 's');
}

function decodedTail(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // No id of ours has a percent sign: it will not be found.
  }
}

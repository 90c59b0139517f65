import { type AppError, InvalidRequestError } from '@runyard/shared/errors';

/** A request that is wrong as HTTP: its code is `invalid_request`, its status one that only HTTP knows. */
export class HttpError extends InvalidRequestError {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, publicMessage: string, headers: Readonly<Record<string, string>> = {}) {
    super(publicMessage);
    this.status = status;
    this.headers = headers;
  }
}

/** The client is no longer there: nothing can be answered. */
export class ClientGoneError extends Error {
  constructor() {
    super('the client went away');
    this.name = 'ClientGoneError';
  }
}

/** One faulty field. Fields of a submission are `/name`; elsewhere `/query/name` and `/headers/name`. */
export function fieldError(path: string, message: string): AppError {
  return new InvalidRequestError(`${path} ${message}.`, { errors: [{ path, message }] });
}

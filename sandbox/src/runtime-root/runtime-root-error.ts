/** `unsupported_host`: this machine cannot build one. `missing_tool`: a program must be installed first. */
export type RuntimeRootErrorCode = 'unsupported_host' | 'missing_tool' | 'invalid_recipe' | 'build_failed' | 'aborted';

/** The message is complete for an operator: what failed, its last lines of output, and what to do next. */
export class RuntimeRootError extends Error {
  readonly code: RuntimeRootErrorCode;

  constructor(code: RuntimeRootErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeRootError';
    this.code = code;
  }
}

/**
 * The program cannot start as configured, or on this host. For the operator, so `message` may name paths and variables;
 * `main` prints it (with the next step to take) and exits 78 (EX_CONFIG of sysexits.h).
 */
export class StartupError extends Error {
  static readonly exitCode = 78;

  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'StartupError';
  }
}

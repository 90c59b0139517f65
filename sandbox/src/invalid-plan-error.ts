/** The plan cannot be carried out by any sandbox: the caller's mistake, found before a place is opened. */
export class InvalidPlanError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidPlanError';
  }
}

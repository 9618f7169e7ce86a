/** An error a user can act on: `code` is stable, the message says what was expected, what was found and what to do. */
export class GloreError extends Error {
  override readonly name: string = 'GloreError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** An error a user can act on: `code` is stable, the message says what was expected, what was found and what to do. */
export class GloreError extends Error {
  override readonly name: string = 'GloreError';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(bounded(message), options);
    this.code = code;
  }
}

/** Characters of a message that are kept at its start and at its end. */
const [start, end] = [3000, 500];

/** People read messages; what they quote may be as long as the file it is from. */
const bounded = (message: string): string =>
  message.length <= start + end ? message : `${message.slice(0, start)} .. ${message.slice(-end)}`;

/** Ctrl-C: the first stops once the work in flight is kept, the second at once. */

/** The reason of an abort by a signal; the process ends with `exitCode`. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly exitCode: number;

  constructor(signal: keyof typeof exitCodes, hint: string) {
    super(`stopped; ${hint}`);
    this.exitCode = exitCodes[signal];
  }
}

/** 128 and the signal's number, as shells have it. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Does work that a first SIGINT or SIGTERM aborts; a second one ends the process, as if there were no handler.
 * @param hint what is said of the work that was stopped
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  hint = 'run the same command again to go on',
): Promise<T> {
  const abort = new AbortController();
  const stop = (signal: keyof typeof exitCodes): void => {
    ignore();
    // The terminal shows ^C in the line that is being rewritten.
    const newline = process.stderr.isTTY ? '\n' : '';
    process.stderr.write(`${newline}stopping after the work in flight; again to stop at once\n`);
    abort.abort(new Interrupted(signal, hint));
  };
  const ignore = () => process.off('SIGINT', stop).off('SIGTERM', stop);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  try {
    return await work(abort.signal);
  } finally {
    ignore();
  }
}

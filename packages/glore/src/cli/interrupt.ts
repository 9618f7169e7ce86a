/** Ctrl-C: the first stops once the work in flight is kept, the second at once. */

/** The reason of an abort by a signal; the process ends with `exitCode`. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
  readonly signal: keyof typeof exitCodes;

  constructor(signal: keyof typeof exitCodes, hint: string) {
    super(`stopped; ${hint}`);
    this.signal = signal;
  }

  get exitCode(): number {
    return exitCodes[this.signal];
  }
}

/** 128 and the signal's number, as shells have it. */
const exitCodes = { SIGINT: 130, SIGPIPE: 141, SIGTERM: 143 } as const;

/** What is at work. */
const atWork = new Set<AbortController>();

/** Stops what is at work for a reason, which it then throws; false if nothing is. */
export function stopWork(reason: unknown): boolean {
  for (const abort of atWork) abort.abort(reason);
  return atWork.size > 0;
}

/**
 * Does work that a first SIGINT or SIGTERM aborts; a second one ends the process, as if there were no handler.
 * @param hint what is said of the work that was stopped
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  hint = 'run the same command again to go on',
): Promise<T> {
  const abort = new AbortController();
  const stop = (signal: 'SIGINT' | 'SIGTERM'): void => {
    ignore();
    // The terminal shows ^C in the line that is being rewritten.
    const newline = process.stderr.isTTY ? '\n' : '';
    process.stderr.write(`${newline}stopping after the work in flight; again to stop at once\n`);
    abort.abort(new Interrupted(signal, hint));
  };
  const ignore = () => process.off('SIGINT', stop).off('SIGTERM', stop);
  process.on('SIGINT', stop).on('SIGTERM', stop);
  atWork.add(abort);
  try {
    return await work(abort.signal);
  } finally {
    atWork.delete(abort);
    ignore();
  }
}

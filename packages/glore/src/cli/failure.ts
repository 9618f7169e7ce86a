/** How the command line ends when something is wrong. */
import { inspect } from 'node:util';
import { EngineError } from '@glore/engine';
import { CommanderError } from 'commander';
import { GloreError } from '../error.js';
import { visibleLines } from '../visible.js';
import { Interrupted, stopWork } from './interrupt.js';

/**
 * Says on standard error what was wrong and gives the exit code: 0 help, 1 a failure that was not foreseen, 2 something
 * the user can put right, 130 or 143 stopped by a signal. `DEBUG=glore` shows the stack.
 */
export function reportFailure(error: unknown): number {
  // Commander has said it already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  // Nobody is there to be told.
  if (error instanceof Interrupted && error.signal === 'SIGPIPE') return error.exitCode;
  const { text, exitCode } = describe(error);
  process.stderr.write(`${visibleLines(text)}\n`);
  if (/(^|[\s,])(glore|\*)($|[\s,])/.test(process.env.DEBUG ?? '')) {
    process.stderr.write(`${visibleLines(inspect(error))}\n`);
  }
  return exitCode;
}

/** What is wrong that the user can put right. */
export const messageOf = ({ message, code }: GloreError | EngineError): string =>
  `error: ${message} (${code})`;

function describe(error: unknown): { text: string; exitCode: number } {
  if (error instanceof Interrupted) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof GloreError || error instanceof EngineError) {
    return { text: messageOf(error), exitCode: 2 };
  }
  const { message, code = 'unexpected' } = error as NodeJS.ErrnoException;
  return { text: `error: ${message} (${code}); DEBUG=glore shows where`, exitCode: 1 };
}

/**
 * Ends quietly when whoever reads the output has seen enough, as in `glore report | head`, and by name when there is no room
 * for it. Progress that nobody reads any more does not end the work.
 */
export function endOnBrokenPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const reason =
      error.code === 'EPIPE' ? new Interrupted('SIGPIPE', 'nobody reads on') : unwritten(error);
    // Work ends first: threads that compute would be broken off, and with them the process, before it has its exit code.
    if (!stopWork(reason)) process.exit(reportFailure(reason));
  });
  process.stderr.on('error', () => {});
}

const unwritten = ({ message, code }: NodeJS.ErrnoException): GloreError =>
  new GloreError(
    code === 'ENOSPC' ? 'disk-full' : 'output-failed',
    `standard output: expected to write to it, found ${message}; name another place`,
  );

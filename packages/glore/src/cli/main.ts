/** `glore`: the command line. */
import { endOnBrokenPipe, reportFailure } from './failure.js';
import { program } from './program.js';

endOnBrokenPipe();
try {
  await program().parseAsync();
} catch (error) {
  process.exitCode = reportFailure(error);
}

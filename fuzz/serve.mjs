/** `glore serve` on the base checkpoint with small limits, and the pages of a finished run, in a process that ends with whoever started it; prints its URL. */
import { hostBase } from '../packages/glore/dist/serve/batch/index.js';
import { seenOf, startServer } from '../packages/glore/dist/serve/index.js';
import { base, finishedRun } from './folder.mjs';

const options = {
  port: 0,
  parallel: 16,
  queue: 32,
  timeout: 2,
  maxBody: 2 ** 17,
  maxText: 2 ** 14,
  maxChoices: 16,
  maxAnswer: 512,
  stall: 2,
  maxUnread: 2 ** 18,
  cors: ['http://page.example'],
  log(line) {
    // What nobody foresaw is told.
    if (line.error === 'internal') process.stdout.write(`${JSON.stringify(line)}\n`);
  },
};
const running = await startServer(
  (onBatch) => hostBase(base, { workers: 1, onBatch }),
  options,
  () => seenOf(finishedRun()),
);
process.stdout.write(`${JSON.stringify({ url: running.url })}\n`);
process.stdin.on('end', () => process.exit()).resume();

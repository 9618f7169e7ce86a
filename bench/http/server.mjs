/** A completion server that answers at once: what is measured is the client. `node server.mjs` prints its port. */
import { createServer } from 'node:http';

const choice = {
  index: 0,
  text: 'Fay has 37+148=185.\nFay keeps 185-29=156.\nFay makes 156*2=312.\n#### 312',
  finish_reason: 'stop',
  logprobs: null,
};
const usage = { prompt_tokens: 64, completion_tokens: 48, total_tokens: 112 };
const answer = Buffer.from(
  JSON.stringify({
    id: 'cmpl-1',
    object: 'text_completion',
    created: 1,
    model: 'bench',
    choices: [choice],
    usage,
  }),
);

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': answer.length,
    });
    response.end(answer);
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
process.stdin.on('end', () => process.exit()).resume();

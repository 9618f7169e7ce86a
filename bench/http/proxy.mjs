/**
 * What `glore serve --upstream` adds to an answer that passes through untouched (a chat with tools), against a server on this
 * machine that answers at once, or after 200 ms where many ask at a time: milliseconds to the whole answer and to the first
 * token of a stream, asked directly and through glore in turns.
 *
 *   npm run bench:proxy                     500 answers each way, one at a time and 32 at a time, three rounds
 *   npm run bench:proxy -- --requests 2000 --rounds 1 --parallel 64
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Pool } from 'undici';
import { table } from '../table.mjs';

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '500' },
    rounds: { type: 'string', default: '3' },
    parallel: { type: 'string', default: '32' },
  },
});
const requests = Number(values.requests);
const TOKENS = 16;
/** Milliseconds that the server thinks where many ask at a time. */
const DELAY = 200;

/** Answers after as many ms as the request's seed; of a stream that is its first token, and each other comes 5 ms later. */
const upstream = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part)).on('end', () => answer(request, response, parts));
});

async function answer({ url }, response, parts) {
  const headers = { 'content-type': 'application/json' };
  if (url === '/v1/models') {
    const data = [{ id: 'bench', object: 'model' }];
    response.writeHead(200, headers).end(JSON.stringify({ object: 'list', data }));
    return;
  }
  const { stream, seed } = JSON.parse(Buffer.concat(parts).toString());
  await sleep(seed);
  const one = { id: 'chatcmpl-1', created: 1, model: 'bench' };
  if (!stream) {
    const message = { role: 'assistant', content: 'word '.repeat(TOKENS) };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    response
      .writeHead(200, headers)
      .end(JSON.stringify({ ...one, object: 'chat.completion', choices }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (let i = 0; i < TOKENS; i++) {
    const choices = [{ index: 0, delta: { content: 'word ' }, finish_reason: null }];
    response.write(
      `data: ${JSON.stringify({ ...one, object: 'chat.completion.chunk', choices })}\n\n`,
    );
    await sleep(5);
  }
  response.end('data: [DONE]\n\n');
}

upstream.listen(0, '127.0.0.1');
await once(upstream, 'listening');
const direct = `http://127.0.0.1:${upstream.address().port}`;
const glore = spawn(
  process.execPath,
  [
    ...['packages/glore/bin/glore.js', 'serve', '--upstream', `${direct}/v1`],
    ...['--port', '0', '--json'],
  ],
  {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, GLORE_API_KEY: '' },
  },
);
process.once('exit', () => glore.kill());
const [first] = await once(glore.stdout.setEncoding('utf8'), 'data');
const through = new URL(JSON.parse(first).url).origin;

const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object' } } };
const body = (stream, seed) =>
  JSON.stringify({
    model: 'bench',
    messages: [{ role: 'user', content: 'Look it up, please. '.repeat(20) }],
    tools: [tool],
    stream,
    seed,
  });

/** Milliseconds to the first bytes of the answer and to its end. */
async function timed(pool, stream, delay) {
  const began = performance.now();
  const answered = await pool.request({
    method: 'POST',
    path: '/v1/chat/completions',
    headers: { 'content-type': 'application/json' },
    body: body(stream, delay),
  });
  if (answered.statusCode !== 200) throw new Error(await answered.body.text());
  let first;
  for await (const _ of answered.body) first ??= performance.now() - began;
  return { first, whole: performance.now() - began };
}

/** All times of so many requests, some at once. */
async function times(origin, parallel, stream) {
  // So many at a time would otherwise measure how many answers a second there are.
  const delay = parallel === 1 ? 0 : DELAY;
  const pool = new Pool(origin, { connections: parallel });
  for (let i = 0; i < 2 * parallel; i++) await timed(pool, false, delay);
  const found = [];
  let next = 0;
  const worker = async () => {
    while (next++ < requests) found.push(await timed(pool, stream, delay));
  };
  await Promise.all(Array.from({ length: parallel }, worker));
  await pool.close();
  return found;
}

const at = (list, share) =>
  list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(share * list.length))];
const lines = [];
for (const parallel of [1, Number(values.parallel)]) {
  for (const [kind, stream, of] of [
    ['whole answer', false, 'whole'],
    ['first token', true, 'first'],
  ]) {
    const found = { direct: [], through: [] };
    for (let round = 0; round < Number(values.rounds); round++) {
      found.direct.push(...(await times(direct, parallel, stream)));
      found.through.push(...(await times(through, parallel, stream)));
    }
    const [own, ours] = [found.direct, found.through].map((list) => list.map((one) => one[of]));
    const ms = (value) => value.toFixed(2);
    lines.push([
      `${kind}, ${parallel} at a time`,
      ...[0.5, 0.99].flatMap((share) => [
        ms(at(own, share)),
        ms(at(ours, share)),
        ms(at(ours, share) - at(own, share)),
      ]),
    ]);
  }
}
console.log(
  table(['ms', 'direct', 'glore', 'added', 'direct p99', 'glore p99', 'added p99'], lines),
);
glore.kill();
upstream.close();
upstream.closeAllConnections();

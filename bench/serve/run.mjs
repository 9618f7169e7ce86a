/**
 * `glore serve` under load on this machine: good clients, one that sends prompts of 8 MB, and some that ask for streams and
 * never read. What good clients wait for an answer is compared within each kind of request, without the first seconds, in which
 * all of them ask at once.
 *
 *   npm run bench:serve                                   500 good clients and 30 silent ones for 90 s
 *   npm run bench:serve -- --seconds 20 --clients 50
 *   npm run bench:serve -- --silent 0 --large 0           good clients alone
 *   npm run bench:serve -- -- --max-body 16               what follows the second -- is for the server
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { table } from '../table.mjs';
import { ask, askTooMuch, kinds, memoryOf, neverRead } from './clients.mjs';

const { values, positionals } = parseArgs({
  options: {
    seconds: { type: 'string', default: '90' },
    warm: { type: 'string', default: '10' },
    clients: { type: 'string', default: '500' },
    silent: { type: 'string', default: '30' },
    large: { type: 'string', default: '1' },
  },
  allowPositionals: true,
});
const root = fileURLToPath(new URL('../..', import.meta.url));
const server = spawn(
  process.execPath,
  [
    ...['packages/glore/bin/glore.js', 'serve', '--base', 'checkpoints/base'],
    ...['--port', '0', '--json', ...positionals],
  ],
  { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GLORE_API_KEY: '' } },
);
/** Log lines by their status and error. */
const logged = new Map();
let rest = '';
server.stderr.setEncoding('utf8').on('data', (text) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop();
  for (const line of lines) {
    if (!line.startsWith('{')) console.error(line);
    else
      count(logged, [JSON.parse(line)].map(({ status, error }) => `${status} ${error ?? ''}`)[0]);
  }
});
let ended = false;
server.once('exit', (code, signal) => {
  ended = true;
  console.log(`the server ended: ${code ?? signal}`);
});
const [first] = await once(server.stdout.setEncoding('utf8'), 'data');
const { url } = JSON.parse(first);

/** Seconds of answers by kind. */
const answered = new Map(Object.keys(kinds).map((kind) => [kind, []]));
const errors = new Map();
const refused = new Map();
const clients = Number(values.clients);
const seconds = Number(values.seconds);
const memory = [await memoryOf(url)];
const warm = Date.now() + 1000 * Number(values.warm);
const end = Date.now() + 1000 * seconds;
const over = () => ended || Date.now() > end;
const good = (kind) =>
  ask(url, kind, over, (kind, took, wrong) => {
    if (wrong) count(errors, wrong);
    else if (Date.now() - 1000 * took > warm) answered.get(kind).push(took);
  });
const running = [
  ...Array.from({ length: clients }, (_, i) =>
    good(i % 10 < 6 ? 'refined' : i % 10 < 9 ? 'streamed' : 'pooled'),
  ),
  ...Array.from({ length: Number(values.large) }, () =>
    askTooMuch(url, over, (status) => count(refused, String(status))),
  ),
  ...Array.from({ length: Number(values.silent) }, () => neverRead(url, over)),
];
while (!over()) {
  await sleep(1000);
  memory.push(await memoryOf(url).catch(() => memory.at(-1)));
}
await Promise.all(running);
// With nothing to do any more.
await sleep(2000);
const after = ended ? NaN : await memoryOf(url);
server.kill('SIGTERM');

const at = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
console.log(
  table(
    ['request', 'answers', 'median s', 'p99 s', 'p99 / median'],
    [...answered].map(([kind, times]) => {
      const sorted = times.toSorted((a, b) => a - b);
      const [median, most] = [at(sorted, 0.5) ?? NaN, at(sorted, 0.99) ?? NaN];
      return [
        kind,
        `${times.length}`,
        median.toFixed(2),
        most.toFixed(2),
        (most / median).toFixed(2),
      ];
    }),
  ),
);
const listed = (map) => [...map].map(([what, times]) => `${times} x ${what}`).join('; ') || 'none';
const share = (part) => memory[Math.floor(part * (memory.length - 1))].toFixed(0);
console.log(`
errors of good clients: ${listed(errors)}
answers to 8 MB: ${listed(refused)}
resident MiB: ${share(0)} at the start, ${share(1 / 3)} after a third, ${share(2 / 3)} after two, ${share(1)} at the end, most ${Math.max(...memory).toFixed(0)}; ${after.toFixed(0)} idle after it
log lines: ${listed(logged)}`);

function count(map, key) {
  map.set(key, (map.get(key) ?? 0) + 1);
}

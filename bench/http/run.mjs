/**
 * Rollouts a second over HTTP, against a server on this machine that answers at once, beside OpenAI's Python client
 * (GLORE_PYTHON names an interpreter that has it).
 *
 *   npm run bench:http                          5,000 rollouts, 64 in flight, three rounds in turn
 *   npm run bench:http -- --rollouts 100000     resident memory after a tenth, half and all of them shows that it stays
 *   npm run bench:http -- --rounds 1 --parallel 256
 *
 * Against a server with a real model, which is then what takes the time: how busy either keeps it, in tokens a second.
 *
 *   npm run bench:http -- --url http://127.0.0.1:8201/v1 --model small --rollouts 256 --parallel 16 --tokens 64 --warm 8
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { python } from '../python.mjs';
import { table } from '../table.mjs';

const { values } = parseArgs({
  options: {
    rollouts: { type: 'string', default: '5000' },
    parallel: { type: 'string', default: '64' },
    rounds: { type: 'string', default: '3' },
    url: { type: 'string' },
    model: { type: 'string', default: 'bench' },
    tokens: { type: 'string', default: '160' },
    warm: { type: 'string', default: '200' },
  },
});
const rounds = Number(values.rounds);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Where there is no other, a server that answers at once. */
async function started() {
  const server = spawn(process.execPath, [here('server.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [port] = await once(server.stdout.setEncoding('utf8'), 'data');
  return { url: `http://127.0.0.1:${Number(port)}/v1`, end: () => server.stdin.end() };
}
const { url, end } = values.url ? { url: values.url, end: () => {} } : await started();

const clients = [['glore', process.execPath, 'ours.mjs']];
if (python) clients.push(['openai (Python)', python, 'openai_side.py']);
else console.log('GLORE_PYTHON is not set: without the Python client to compare with\n');

const found = new Map(clients.map(([name]) => [name, []]));
for (let round = 0; round < rounds; round++) {
  for (const [name, program, script] of clients) {
    const { rollouts, parallel, model, tokens, warm } = values;
    const args = [here(script), url, rollouts, parallel, model, tokens, warm];
    const { stdout } = await promisify(execFile)(program, args);
    found.get(name).push(JSON.parse(stdout));
  }
}
end();

const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const figures = [...found].map(([name, runs]) => ({
  name,
  rate: median(runs.map(({ rollouts, seconds }) => rollouts / seconds)),
  tokens: median(runs.map(({ tokens, seconds }) => tokens / seconds)),
  cpu: median(runs.map(({ rollouts, cpuSeconds }) => (1e6 * cpuSeconds) / rollouts)),
  memory: runs.at(-1).memory
    ? [0, 4, 9].map((tenth) => runs.at(-1).memory[tenth]?.toFixed(0) ?? '-').join(', ')
    : '-',
}));
console.log(
  table(
    ['', 'rollouts/s', 'tokens/s', 'CPU us/rollout', 'MiB at 10%, 50%, 100%'],
    figures.map(({ name, rate, tokens, cpu, memory }) => [
      name,
      rate.toPrecision(4),
      tokens.toPrecision(4),
      cpu.toFixed(0),
      memory,
    ]),
  ),
);
const [ours, theirs] = figures;
if (theirs) {
  console.log(
    `\nrollouts x ${(ours.rate / theirs.rate).toFixed(2)}, tokens x ${(ours.tokens / theirs.tokens).toFixed(3)}, CPU x ${(ours.cpu / theirs.cpu).toFixed(2)} (glore / openai; medians of ${rounds})`,
  );
}

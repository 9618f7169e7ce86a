/**
 * One process that works through cases of one target: `node child.mjs '{target, seed, from, ...}'`. What it counts and finds
 * goes as JSON Lines to file descriptor 3.
 */
import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { outcomeOf } from './outcome.mjs';
import { Random } from './random.mjs';
import { targets } from './targets/index.mjs';

const { target: name, seed, from, cases, seconds, replay, dry } = JSON.parse(process.argv[2]);
const target = targets.find((one) => one.name === name);

function tell(event) {
  const bytes = Buffer.from(`${JSON.stringify(event)}\n`);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(3, bytes, at);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

/** What may be anything, with bytes as base64. */
const kept = (input) =>
  JSON.parse(
    JSON.stringify(input, function (key) {
      const value = this[key];
      return Buffer.isBuffer(value) ? { $bytes: value.toString('base64') } : value;
    }) ?? 'null',
  );
const restored = (text) =>
  JSON.parse(text, (_, value) =>
    typeof value?.$bytes === 'string' ? Buffer.from(value.$bytes, 'base64') : value,
  );

const folder = mkdtempSync(join(tmpdir(), 'glore-fuzz-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
// Whoever started it prints what there is.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => process.exit(143));

const shared = new SharedArrayBuffer(8);
const current = new Int32Array(shared);
const { compute = 1000, wait = 5000, memory = 1536 * 2 ** 20 } = target.limits ?? {};
const subject = await target.open({ folder });
const watch = new Worker(new URL('watch.mjs', import.meta.url), {
  workerData: { shared, limits: { compute, wait, memory } },
});
await new Promise((resolve) => watch.once('online', resolve));
watch.unref();

// An error that nobody waits for is one of the case that runs.
let stray;
for (const event of ['uncaughtException', 'unhandledRejection']) {
  process.on(event, (error) => {
    stray ??= error ?? new Error(event);
  });
}

let kinds = {};
let done = 0;
const count = (kind) => {
  kinds[kind] = (kinds[kind] ?? 0) + 1;
};

async function work(number, input) {
  let finding;
  Atomics.store(current, 0, number);
  Atomics.store(current, 1, 1);
  try {
    for (const kind of [await subject.run(input)].flat()) count(kind);
    if (stray !== undefined) throw stray;
  } catch (error) {
    const outcome = outcomeOf(stray ?? error);
    count(outcome.kind ?? `! ${outcome.finding}`);
    if (outcome.finding) finding = outcome;
  }
  stray = undefined;
  Atomics.store(current, 1, 0);
  done++;
  if (finding) tell({ event: 'finding', number, ...finding, input: kept(input) });
}

const resident = async () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return subject.memory ? subject.memory() : heapUsed + external;
};

/** What is there is told now and then. */
async function report() {
  tell({ event: 'counts', done, kinds, memory: await resident(), next });
  [kinds, done] = [{}, 0];
}

/** An input that cannot be made is a fault of the fuzzing itself. */
function made(number) {
  try {
    return subject.make(new Random(seed, name, number));
  } catch (error) {
    const message = `cannot be made: ${error.stack}`;
    tell({ event: 'ended', number, finding: 'generator', message });
    process.exit(70);
  }
}

let next = from;
if (replay !== undefined) {
  const { input } = restored(readFileSync(replay, 'utf8'));
  if (dry) tell({ event: 'input', number: next, input: kept(input) });
  else await work(next, input);
} else {
  const began = performance.now();
  let told = began;
  while (next < from + cases && performance.now() - began < 1000 * seconds) {
    const input = made(next);
    if (dry) tell({ event: 'input', number: next, input: kept(input) });
    else await work(next, input);
    next++;
    if (next % 16 === 0) await new Promise(setImmediate);
    if (performance.now() - told < 1000) continue;
    await report();
    told = performance.now();
  }
}
await report();
await subject.close?.();
process.exit(0);

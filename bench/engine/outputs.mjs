/**
 * What onnxruntime-node does with outputs: time inside ONNX Runtime (its own profile) against time until `run`
 * returns, with fresh and with preallocated outputs. Worth a rerun when onnxruntime-node is upgraded: if the two
 * times agree, a cache kept by GroupQueryAttention itself is worth another try.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import * as g from '../../packages/engine/dist/graph/index.js';
import { rotaryTables } from '../../packages/engine/dist/llama/index.js';
import { writeModel } from '../../packages/engine/dist/onnx/index.js';
import { table } from '../table.mjs';

const RUNS = 15;
const float = (shape) =>
  new Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)).fill(0.1), shape);

/** A single pass over 100 MB, hardly more work than copying them. */
function relu() {
  const shape = [25_000_000];
  return {
    name: 'relu of 100 MB',
    outputs: { y: g.node('Relu', [g.input('x', 'float32', shape)], [shape])[0] },
    feeds: { x: float(shape) },
    into: { y: float(shape) },
  };
}

/** One decoding step of attention in 4 layers whose operator keeps the cache: past inputs are the present outputs. */
function attention(kvHeads) {
  const [rows, heads, size, positions, layers] = [256, 4, 32, 98, 4];
  const { cosine, sine } = rotaryTables({ headSize: size, ropeTheta: 1e4, maxPositions: 128 }, 128);
  const shape = [rows, kvHeads, positions, size];
  const width = (heads + 2 * kvHeads) * size;
  const last = g.input('last', 'int32', [rows]);
  const total = g.input('total', 'int32', [1]);
  const made = {
    name: `attention, ${rows} rows x ${kvHeads} kv heads x ${positions} positions x ${layers} layers`,
    outputs: {},
    feeds: {
      last: new Tensor('int32', new Int32Array(rows).fill(positions - 2), [rows]),
      total: new Tensor('int32', Int32Array.of(positions - 1), [1]),
    },
    into: {},
  };
  for (let layer = 0; layer < layers; layer++) {
    const named = (kind) => `${kind}.${layer}`;
    const qkv = g.input(named('qkv'), 'float32', [rows, 1, width]);
    const [key, value] = ['key', 'value'].map((kind) => g.input(named(kind), 'float32', shape));
    const [mixed, newKey, newValue] = g.node(
      'GroupQueryAttention',
      [qkv, undefined, undefined, key, value, last, total, cosine, sine],
      [[rows, 1, heads * size], shape, shape],
      {
        domain: 'com.microsoft',
        attributes: { num_heads: BigInt(heads), kv_num_heads: BigInt(kvHeads), do_rotary: 1n },
      },
    );
    made.outputs[named('mixed')] = mixed;
    made.outputs[named('newKey')] = newKey;
    made.outputs[named('newValue')] = newValue;
    made.feeds[named('qkv')] = float([rows, 1, width]);
    made.feeds[named('key')] = made.into[named('newKey')] = float(shape);
    made.feeds[named('value')] = made.into[named('newValue')] = float(shape);
    made.into[named('mixed')] = float([rows, 1, heads * size]);
  }
  return made;
}

const median = (numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1];

/** Median milliseconds inside ONNX Runtime and until `run` returns. */
async function measure({ outputs, feeds, into }, preallocated, folder) {
  const session = await InferenceSession.create(writeModel(outputs), {
    intraOpNumThreads: 1,
    enableProfiling: true,
    profileFilePrefix: join(folder, 'profile'),
    logSeverityLevel: 3,
  });
  const returned = [];
  for (let i = 0; i < RUNS; i++) {
    const start = performance.now();
    await (preallocated ? session.run(feeds, into) : session.run(feeds));
    returned.push(performance.now() - start);
  }
  session.endProfiling();
  await session.release();
  const [file] = await readdir(folder);
  const events = JSON.parse(await readFile(join(folder, file), 'utf8'));
  await rm(join(folder, file));
  const inside = events.filter(({ name }) => name === 'model_run').map(({ dur }) => dur / 1000);
  return [median(inside), median(returned)];
}

const folder = await mkdtemp(join(tmpdir(), 'glore-outputs-'));
const lines = [];
try {
  for (const work of [relu(), attention(4), attention(2), attention(1)]) {
    for (const preallocated of [false, true]) {
      const times = await measure(work, preallocated, folder);
      const kind = preallocated ? 'preallocated' : 'fresh';
      lines.push([work.name, kind, ...times.map((time) => time.toFixed(1))]);
    }
  }
} finally {
  await rm(folder, { recursive: true });
}
console.log(table(['work', 'outputs', 'ms inside', 'ms until returned'], lines));

/**
 * Whether weights of 8 or 4 bits would be faster here: one product with weights of SmolLM2-135M's and Qwen2.5-0.5B's shapes in
 * ONNX Runtime, as MatMul in float32 and as MatMulNBits (blocks of 32), one thread, in turns.
 *
 *   node bench/engine/bits.mjs                  1 to 256 rows
 *   node bench/engine/bits.mjs --seconds 1      longer for each
 */
import { parseArgs } from 'node:util';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ProtobufWriter } from '../../packages/engine/dist/onnx/protobuf.js';
import { table } from '../table.mjs';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '0.3' } } });
const BLOCK = 32;
const shapes = [
  ['135M up', 576, 1536],
  ['135M down', 1536, 576],
  ['0.5B up', 896, 4864],
  ['0.5B head', 896, 32768],
];
const ways = {
  float: undefined,
  '8 bits': { bits: 8, accuracy: 0 },
  '8 bits, int8 sums': { bits: 8, accuracy: 4 },
  '4 bits': { bits: 4, accuracy: 0 },
  '4 bits, int8 sums': { bits: 4, accuracy: 4 },
};

const rows = [];
for (const [name, inner, outer] of shapes) {
  // [outer, inner], as blocks lie.
  const weights = Float32Array.from({ length: outer * inner }, () => (Math.random() - 0.5) / 8);
  const sessions = {};
  for (const [way, settings] of Object.entries(ways)) {
    sessions[way] = await open(weights, inner, outer, settings);
  }
  for (const count of [1, 4, 16, 64, 256]) {
    const given = Float32Array.from({ length: count * inner }, () => Math.random() - 0.5);
    const feeds = { x: new Tensor('float32', given, [count, inner]) };
    const exact = (await sessions.float.run(feeds)).y.data;
    const size = Math.sqrt(exact.reduce((sum, value) => sum + value * value, 0) / exact.length);
    const spent = Object.fromEntries(Object.keys(ways).map((way) => [way, []]));
    const errors = {};
    for (const way of Object.keys(ways)) {
      const { data } = (await sessions[way].run(feeds)).y;
      const error = data.reduce((sum, value, i) => sum + (value - exact[i]) ** 2, 0);
      errors[way] = Math.sqrt(error / exact.length) / size;
    }
    for (let round = 0; round < 5; round++) {
      for (const way of Object.keys(ways)) {
        const began = performance.now();
        let runs = 0;
        while (performance.now() - began < 200 * Number(values.seconds)) {
          await sessions[way].run(feeds);
          runs++;
        }
        spent[way].push((performance.now() - began) / runs);
      }
    }
    const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
    const float = median(spent.float);
    rows.push([
      ...[name, `${count}`, `${((2 * count * inner * outer) / float / 1e6).toFixed(0)}`],
      ...Object.keys(ways)
        .slice(1)
        .map((way) => `${(float / median(spent[way])).toFixed(2)} (${errors[way].toFixed(4)})`),
    ]);
    console.error(rows.at(-1).join('  '));
  }
  for (const session of Object.values(sessions)) await session.release();
}
console.log(
  `times as fast as float32, and in brackets the error of what comes out, relative:\n\n${table(['product', 'rows', 'float32 GFLOPS', ...Object.keys(ways).slice(1)], rows)}`,
);

/** A session of one product. */
function open(weights, inner, outer, settings) {
  const tensor = (name, type, shape, data) => {
    const message = new ProtobufWriter();
    for (const dimension of shape) message.integer(1, dimension);
    return message
      .integer(2, type)
      .bytes(8, name)
      .bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  };
  const graph = new ProtobufWriter();
  const node = new ProtobufWriter().bytes(1, 'x');
  if (settings) {
    const { packed, scales } = quantized(weights, settings.bits);
    const blob = (BLOCK * settings.bits) / 8;
    node.bytes(1, 'w').bytes(1, 's').bytes(2, 'y').bytes(4, 'MatMulNBits');
    const attributes = { K: inner, N: outer, bits: settings.bits, block_size: BLOCK };
    if (settings.accuracy) attributes.accuracy_level = settings.accuracy;
    for (const [key, value] of Object.entries(attributes)) {
      node.bytes(5, new ProtobufWriter().bytes(1, key).integer(3, value).integer(20, 2));
    }
    node.bytes(7, 'com.microsoft');
    graph.bytes(1, node).bytes(2, 'graph');
    graph.bytes(5, tensor('w', 2, [outer, inner / BLOCK, blob], packed));
    graph.bytes(5, tensor('s', 1, [(outer * inner) / BLOCK], scales));
  } else {
    const turned = new Float32Array(weights.length);
    for (let o = 0; o < outer; o++)
      for (let i = 0; i < inner; i++) turned[i * outer + o] = weights[o * inner + i];
    node.bytes(1, 'w').bytes(2, 'y').bytes(4, 'MatMul');
    graph
      .bytes(1, node)
      .bytes(2, 'graph')
      .bytes(5, tensor('w', 1, [inner, outer], turned));
  }
  const shaped = (name, columns) => {
    const shape = new ProtobufWriter()
      .bytes(1, new ProtobufWriter().bytes(2, 'rows'))
      .bytes(1, new ProtobufWriter().integer(1, columns));
    const type = new ProtobufWriter().bytes(1, new ProtobufWriter().integer(1, 1).bytes(2, shape));
    return new ProtobufWriter().bytes(1, name).bytes(2, type);
  };
  graph.bytes(11, shaped('x', inner)).bytes(12, shaped('y', outer));
  const model = new ProtobufWriter()
    .integer(1, 10)
    .bytes(7, graph)
    .bytes(8, new ProtobufWriter().bytes(1, '').integer(2, 18))
    .bytes(8, new ProtobufWriter().bytes(1, 'com.microsoft').integer(2, 1))
    .finish();
  return InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
}

/** Blocks with one scale each, their numbers around the middle, two of 4 bits in a byte. */
function quantized(weights, bits) {
  const middle = 2 ** (bits - 1);
  const packed = new Uint8Array((weights.length * bits) / 8);
  const scales = new Float32Array(weights.length / BLOCK);
  for (let block = 0; block < scales.length; block++) {
    const own = weights.subarray(block * BLOCK, (block + 1) * BLOCK);
    const scale = own.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / (middle - 1);
    scales[block] = scale;
    own.forEach((value, i) => {
      const number = Math.round(value / scale) + middle;
      const at = block * BLOCK + i;
      if (bits === 8) packed[at] = number;
      else packed[at >> 1] |= number << (4 * (at & 1));
    });
  }
  return { packed, scales };
}

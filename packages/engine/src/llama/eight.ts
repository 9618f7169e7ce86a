/** A model's matrices in 8 bits, beside its weights: where they lie in memory or a file, and as values of a graph. */
import { basename } from 'node:path';
import { EngineError } from '../error.js';
import {
  constant,
  type Numbers,
  product,
  scaleColumns,
  stored,
  timesEight,
  type Value,
} from '../graph/index.js';
import type { LlamaConfig } from './config.js';
import { headModule, joinedModule, linearModules, type WeightValues, weight } from './layers.js';
import { matrixShape, type Weights } from './weights.js';

/** A module's matrix: bytes at which its scales (float32 [out]), its numbers [in, out] and the same turned begin, where it has these. */
export interface EightEntry {
  readonly module: string;
  /** The modules whose rows it has, one after the other. */
  readonly of: readonly string[];
  readonly inner: number;
  readonly out: number;
  readonly scales: number;
  readonly numbers: number;
  readonly turned: number | undefined;
  readonly end: number;
}

/** Of all modules of a model, queries, keys and values both each and together. */
export function eightLayout(config: LlamaConfig): { entries: EightEntry[]; size: number } {
  const { hiddenSize, intermediateSize, heads, kvHeads, headSize } = config;
  const [wide, narrow] = [heads * headSize, kvHeads * headSize];
  const entries: EightEntry[] = [];
  let start = 0;
  const add = (module: string, inner: number, out: number, of = [module]) => {
    const numbers = start + 4 * out;
    const after = numbers + inner * out;
    // The head's gradient is not in 8 bits.
    const turned = module === headModule(config) ? undefined : after;
    // Where the next one's numbers of four bytes may begin.
    const end = 4 * Math.ceil((after + (turned === undefined ? 0 : inner * out)) / 4);
    entries.push({ module, of, inner, out, scales: start, numbers, turned, end });
    start = end;
  };
  for (let layer = 0; layer < config.layers; layer++) {
    const { query, key, value, output, gate, up, down } = linearModules(layer);
    add(joinedModule(layer), hiddenSize, wide + 2 * narrow, [query, key, value]);
    add(query, hiddenSize, wide);
    add(key, hiddenSize, narrow);
    add(value, hiddenSize, narrow);
    add(output, wide, hiddenSize);
    add(gate, hiddenSize, intermediateSize);
    add(up, hiddenSize, intermediateSize);
    add(down, intermediateSize, hiddenSize);
  }
  add(headModule(config), hiddenSize, config.vocabSize);
  return { entries, size: start };
}

/**
 * An entry's bytes. Each row of the weights [out, in] has its own scale, by which its largest number is 127. The numbers have a
 * sign, or are counted from 128.
 */
export function inEightBits(
  { of, inner, out, ...at }: EightEntry,
  weights: Weights,
  signed: boolean,
): Uint8Array {
  const bytes = new Uint8Array(at.end - at.scales);
  const scales = new Float32Array(bytes.buffer, 0, out);
  const numbers = new Int8Array(bytes.buffer, at.numbers - at.scales, inner * out);
  const turned =
    at.turned === undefined
      ? new Int8Array(inner * out)
      : new Int8Array(bytes.buffer, at.turned - at.scales, inner * out);
  let row = 0;
  for (const module of of) {
    const { shape, data } = weights.get(`${module}.weight`)!;
    const [rows] = matrixShape(shape);
    for (let r = 0; r < rows; r++, row++) {
      const from = data.subarray(r * inner, (r + 1) * inner);
      let largest = 0;
      for (let i = 0; i < inner; i++) largest = Math.max(largest, Math.abs(from[i]!));
      const scale = largest / 127;
      scales[row] = scale;
      const factor = scale > 0 ? 1 / scale : 0;
      for (let i = 0; i < inner; i++) turned[row * inner + i] = Math.round(from[i]! * factor);
    }
  }
  // In tiles: whole columns would be written a byte in each line of the cache.
  const tile = 64;
  for (let top = 0; top < out; top += tile) {
    for (let left = 0; left < inner; left += tile) {
      for (let i = left; i < Math.min(inner, left + tile); i++) {
        for (let o = top; o < Math.min(out, top + tile); o++) {
          numbers[i * out + o] = turned[o * inner + i]!;
        }
      }
    }
  }
  if (!signed) {
    const all = bytes.subarray(at.numbers - at.scales);
    all.forEach((value, i) => {
      all[i] = value ^ 128;
    });
  }
  return bytes;
}

/** Where such bytes lie: in memory that threads share, or in a file of the folder that a graph is compiled beside. */
export type EightStore = { readonly signed: boolean } & (
  | { readonly memory: SharedArrayBuffer }
  | { readonly file: string }
);

/** Most numbers that have a scale in common where rows are rounded. */
const MOST_IN_BLOCK = 640;

/** Blocks of a side: so many that none is larger than `MOST_IN_BLOCK`, as far as halving goes. */
function blocksOf(size: number): number {
  let count = 1;
  while (size / count > MOST_IN_BLOCK && (size / count) % 2 === 0) count *= 2;
  return count;
}

type View = (memory: SharedArrayBuffer, start: number, length: number) => Numbers;
const views = {
  float32: ((...at) => new Float32Array(...at)) as View,
  int8: ((...at) => new Int8Array(...at)) as View,
  uint8: ((...at) => new Uint8Array(...at)) as View,
};

/** The parts of the matrices, by the names that `eightOf` reads. */
export function eightValues(
  config: LlamaConfig,
  store: EightStore,
): [name: string, value: Value][] {
  const bytes = store.signed ? 'int8' : 'uint8';
  const part = (start: number, shape: number[], type: keyof typeof views): Value => {
    if ('file' in store) return stored(basename(store.file), start, shape, type);
    const length = shape.reduce((product, size) => product * size, 1);
    return constant(views[type](store.memory, start, length), shape);
  };
  const blocks = (name: string, start: number, rows: number, columns: number) => {
    const count = blocksOf(rows);
    const size = rows / count;
    return Array.from({ length: count }, (_, i): [string, Value] => [
      `${name}.${i}`,
      part(start + i * size * columns, [size, columns], bytes),
    ]);
  };
  return eightLayout(config).entries.flatMap(({ module, inner, out, ...at }) => [
    [`${module}.scales`, part(at.scales, [out], 'float32')],
    ...blocks(`${module}.numbers`, at.numbers, inner, out),
    ...(at.turned === undefined ? [] : blocks(`${module}.turned`, at.turned, out, inner)),
  ]);
}

/**
 * The product of x [.., in] with a module's weight [out, in], in 8 bits where the weights have it so; undefined where they do
 * not. So is its gradient, but for the head's: among as many numbers as a vocabulary has, most of a row would be rounded to
 * nothing (Wortsman et al. 2023 do both ways so for layers).
 */
export function eightProduct(
  weights: WeightValues,
  module: string,
  x: Value,
  isHead: boolean,
): Value | undefined {
  const scales = weights.get(`${module}.scales`);
  if (!scales) return undefined;
  const blocks = (name: string) => {
    const found: Value[] = [];
    for (let i = 0; ; i++) {
      const block = weights.get(`${module}.${name}.${i}`);
      if (!block) return found;
      found.push(block);
    }
  };
  return timesEight(x, { blocks: blocks('numbers'), scales }, (up) =>
    isHead
      ? product(up, weight(weights, `${module}.weight`))
      : timesEight(scaleColumns(up, scales), { blocks: blocks('turned') }, () => {
          throw new EngineError('gradient', 'a gradient in 8 bits has none itself');
        }),
  );
}

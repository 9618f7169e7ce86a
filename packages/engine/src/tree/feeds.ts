/** A tree as inputs of `treeAttention`. */
import { fixedPositions, type LlamaConfig, rotaryAngles, TREE_BLOCKS } from '../llama/index.js';
import { Tensor } from '../onnx/index.js';
import { type Chunk, type ChunkKind, chunksOf, inBlocks } from './chunks.js';
import type { Tree } from './tree.js';

/** Rows in a chunk: products of 16 rows are slower, with 64 more of what is computed is masked. */
const CHUNK = 32;
/** Keys of chunks that are paths are a multiple of so many: sums over them are in the same order however many there are. */
const KEYS = 64;
/** Added to the score of a key that a query does not read. */
const BLOCKED = -1e9;

/**
 * The inputs of `treeAttention`, with `tokens` int64 [N] and `picked` int64 [P], of which the last row of both is none of the tree's: nothing
 * reads it, and it stands in cells that are none. Sequences must be no longer than `fixedPositions`. With chunks that are `paths` what is
 * computed of a row depends on its own path alone, to the last bit; with `rows` it takes less time.
 */
export function treeFeeds(
  config: LlamaConfig,
  tree: Tree,
  picked: ArrayLike<number>,
  kind: ChunkKind,
): Record<string, Tensor> {
  const rows = tree.tokens.length;
  // Each block has a chunk, so there are as many rows as blocks, however short the tree.
  const total = Math.max(rows + 1, TREE_BLOCKS);
  const parents = new Int32Array(total).fill(-1);
  parents.set(tree.parents);
  const tokens = new BigInt64Array(total);
  const positions = new BigInt64Array(total);
  let longest = 1;
  for (let row = 0; row < rows; row++) {
    const parent = parents[row]!;
    tokens[row] = BigInt(tree.tokens[row]!);
    positions[row] = parent < 0 ? 0n : positions[parent]! + 1n;
    longest = Math.max(longest, Number(positions[row]) + 1);
  }
  const whole: Tree = { tokens: tree.tokens, parents };
  const size = Math.min(CHUNK, Math.floor(total / TREE_BLOCKS));
  const all = Int32Array.from(parents, (_, row) => row);
  const least = kind === 'paths' ? KEYS : 1;
  const some = new Int32Array(picked.length + 1);
  some.set(picked);
  some[picked.length] = total - 1;
  return {
    tokens: new Tensor('int64', tokens, [total]),
    positions: new Tensor('int64', positions, [total, 1]),
    picked: new Tensor('int64', BigInt64Array.from(some, BigInt), [some.length]),
    ...gridFeeds(
      'all',
      config,
      whole,
      all,
      inBlocks(chunksOf(whole, all, size, kind), TREE_BLOCKS),
      least,
    ),
    ...gridFeeds('last', config, whole, some, [chunksOf(whole, some, CHUNK, kind)], least),
    ...(fixedPositions(config) < Infinity && angleFeeds(config, longest)),
  };
}

/** Which heads of which rows each block of chunks reads, and where those of each wanted row are computed. */
function gridFeeds(
  name: string,
  config: LlamaConfig,
  tree: Tree,
  wanted: Int32Array,
  blocks: readonly (readonly Chunk[])[],
  least: number,
): Record<string, Tensor> {
  const { heads, kvHeads } = config;
  const groups = heads / kvHeads;
  const spareKey = tree.parents.length - 1;
  const spareQuery = wanted.length - 1;
  const cells = new Int32Array(wanted.length * heads);
  const feeds: Record<string, Tensor> = {};
  let before = 0;
  blocks.forEach((chunks, i) => {
    const size = chunks.reduce((most, { first, end }) => Math.max(most, end - first), 0);
    const longest = chunks.reduce((most, { keys }) => Math.max(most, keys.length), 0);
    const time = Math.ceil(longest / least) * least;
    const count = groups * size;
    const queries = new Int32Array(chunks.length * kvHeads * count);
    const keys = new Int32Array(chunks.length * kvHeads * time);
    chunks.forEach((chunk, b) => {
      for (let k = 0; k < kvHeads; k++) {
        const keyAt = (b * kvHeads + k) * time;
        for (let t = 0; t < time; t++) keys[keyAt + t] = (chunk.keys[t] ?? spareKey) * kvHeads + k;
        for (let g = 0; g < groups; g++) {
          const head = k * groups + g;
          const cellAt = (b * kvHeads + k) * count + g * size;
          for (let c = 0; c < size; c++) {
            const place = chunk.first + c;
            const query = (place < chunk.end ? place : spareQuery) * heads + head;
            queries[cellAt + c] = query;
            if (place < chunk.end) cells[query] = before + cellAt + c;
          }
        }
      }
    });
    before += queries.length;
    const at = `${name}.${i}`;
    const shape = [chunks.length, kvHeads];
    feeds[`${at}.queries`] = new Tensor('int32', queries, [...shape, count]);
    feeds[`${at}.keys`] = new Tensor('int32', keys, [...shape, time]);
    const mask = maskOf(tree, wanted, chunks, { groups, size, time });
    feeds[`${at}.mask`] = new Tensor('float32', mask, [chunks.length, 1, count, time]);
  });
  feeds[`${name}.cells`] = new Tensor('int32', cells, [wanted.length, heads]);
  return feeds;
}

/** 0 where the query of a chunk's row reads a key, which is on its path; the rows of a group of heads are alike. */
function maskOf(
  { parents }: Tree,
  wanted: Int32Array,
  chunks: readonly Chunk[],
  { groups, size, time }: { groups: number; size: number; time: number },
): Float32Array {
  const mask = new Float32Array(chunks.length * groups * size * time).fill(BLOCKED);
  /** Where a row is among the chunk's keys. */
  const place = new Int32Array(parents.length);
  chunks.forEach(({ first, end, keys }, b) => {
    keys.forEach((row, t) => {
      place[row] = t;
    });
    const start = b * groups * size * time;
    for (let c = 0; c < end - first; c++) {
      const at = start + c * time;
      for (let row = wanted[first + c]!; row >= 0; row = parents[row]!) mask[at + place[row]!] = 0;
    }
    for (let g = 1; g < groups; g++) {
      mask.copyWithin(start + g * size * time, start, start + size * time);
    }
  });
  return mask;
}

/** Tables of angles [longest, D/2] as inputs of attention, for sequences whose angles are those of one of `longest` positions. */
export function angleFeeds(config: LlamaConfig, longest: number): Record<string, Tensor> {
  const { cosine, sine } = rotaryAngles(config, longest, () => longest);
  const table = (data: Float32Array) => new Tensor('float32', data, [longest, config.headSize / 2]);
  return {
    cosine: table(cosine),
    sine: table(sine),
    negativeSine: table(sine.map((value) => -value)),
  };
}

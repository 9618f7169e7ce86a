/**
 * Causal self-attention of a tree's positions, each along its own path. Queries are computed in chunks, each with the keys
 * and values that one of its queries reads, gathered from their rows; gradients are added up in the rows.
 *
 * Shape legend: N rows, one for each position of the tree, P rows that are wanted, B chunks of C queries and T keys,
 * H heads, K key-value heads, G = H / K, D head size.
 */
import type { AttentionShape } from './attention.js';
import {
  contrib,
  differentiable,
  fusedProduct,
  gather,
  lastSum,
  minus,
  reshapeTo,
  times,
  zerosLike,
} from './plain.js';
import { type Dimension, integers, node, sizeAt, type Value } from './value.js';

/** What all attentions of a graph share. */
export interface PathAngles {
  /** int64 [N, 1]: the position of each row in its path. */
  readonly positions: Value;
  /** Tables of angles, [positions, D/2]. */
  readonly cosine: Value;
  readonly sine: Value;
  readonly negativeSine: Value;
}

/** Chunks of one shape. Indices are of heads in rows: row * heads + head. */
export interface PathBlock {
  /** int32 [B, K, G * C], among the heads of the wanted rows. */
  readonly queries: Value;
  /** int32 [B, K, T] */
  readonly keys: Value;
  /** float32 [B, 1, G * C, T]: 0 where a query reads a key, very negative elsewhere. */
  readonly mask: Value;
}

/** Which rows are computed, and how. */
export interface PathGrid {
  readonly blocks: readonly PathBlock[];
  /** int32 [P, H]: where the heads of a row are in [B, K, G * C], all blocks one after the other. */
  readonly cells: Value;
  /** int64 [P]: the rows that are wanted, all of them if left out. */
  readonly picked?: Value;
}

const beside = (parts: readonly Value[], shape: readonly Dimension[]): Value =>
  node('Concat', parts, [shape], { attributes: { axis: BigInt(shape.length - 1) } })[0];
const below = (parts: readonly Value[], shape: readonly Dimension[]): Value =>
  parts.length === 1 ? parts[0]! : node('Concat', parts, [shape], { attributes: { axis: 0n } })[0];
/** x with each of `updates` added at an index of its first axis. */
const addedAt = (x: Value, indices: Value, updates: Value): Value => {
  const count = sizeAt(updates, 0);
  const long = node('Cast', [indices], [indices.shape], {
    attributes: { to: 7n },
    types: ['int64'],
  })[0];
  const places = node('Reshape', [long, integers(-1, 1)], [[count, 1]], { types: ['int64'] })[0];
  return node('ScatterND', [x, places, updates], [x.shape], {
    attributes: { reduction: 'add' },
  })[0];
};

/**
 * qkv [N, (H + 2K) * D], in each row the query heads, the key heads and the value heads -> [P, H * D]:
 * softmax(q k^T / sqrt(D)) v over the positions of a row's path up to its own, with q and k rotated. Cells that are none
 * are filled by a row that nothing else reads, and whose gradient is 0.
 */
export function pathAttention(
  qkv: Value,
  { heads, kvHeads, headSize }: AttentionShape,
  { positions, cosine, sine, negativeSine }: PathAngles,
  { blocks, cells, picked }: PathGrid,
): Value {
  const rows = sizeAt(qkv, 0);
  const wanted = sizeAt(cells, 0);
  const [width, kvWidth] = [heads * headSize, kvHeads * headSize];
  const alpha = 1 / Math.sqrt(headSize);
  const split = (x: Value, ...widths: number[]): readonly Value[] =>
    node(
      'Split',
      [x, integers(...widths)],
      widths.map((size) => [rows, size]),
      { attributes: { axis: -1n } },
    );
  /** Queries and keys, [N, (H + K) * D], turned by their positions. */
  const turned = (x: Value, by: Value): Value => {
    const size = width + kvWidth;
    const apart = reshapeTo(x, integers(-1, 1, size), [rows, 1, size]);
    const value = node(
      'RotaryEmbedding',
      [apart, positions, cosine, by],
      [apart.shape],
      contrib,
    )[0];
    return reshapeTo(value, integers(-1, size), [rows, size]);
  };
  /** All heads, one below the other. */
  const headsOf = (x: Value): Value => reshapeTo(x, integers(-1, headSize), ['heads', headSize]);
  /** What the blocks computed, [B, K, G * C, D] each, by row. */
  const byRow = (parts: readonly Value[]): Value =>
    reshapeTo(gather(below(parts.map(headsOf), ['heads', headSize]), cells), integers(-1, width), [
      wanted,
      width,
    ]);

  const [both, ownValues] = split(qkv, width + kvWidth, kvWidth) as [Value, Value];
  const [allQueries, ownKeys] = split(turned(both, sine), width, kvWidth) as [Value, Value];
  const ownQueries = picked ? gather(allQueries, picked) : allQueries;
  const computed = blocks.map((block, i) => {
    const query = gather(headsOf(ownQueries), block.queries);
    const key = gather(headsOf(ownKeys), block.keys);
    const value = gather(headsOf(ownValues), block.keys);
    const pairs = [`chunks${i}`, kvHeads, `cells${i}`, `keys${i}`];
    const scores = fusedProduct(query, key, pairs, { transB: 1n, alpha });
    const masked = node('Add', [scores, block.mask], [pairs])[0];
    const shares = node('Softmax', [masked], [pairs], { attributes: { axis: -1n } })[0];
    const mixed = node('MatMul', [shares, value], [query.shape])[0];
    return { block, query, key, value, shares, mixed };
  });

  return differentiable(byRow(computed.map(({ mixed }) => mixed)), [qkv], (up) => {
    // As in `causalAttention`, with P the shares and O the result: dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dO O)),
    // dQ = dS K / sqrt(D), dK = dS^T Q / sqrt(D), the last two turned back.
    let [keySums, valueSums] = [zerosLike(headsOf(ownKeys)), zerosLike(headsOf(ownValues))];
    const queries = computed.map(({ block, query, key, value, shares, mixed }) => {
      const dO = gather(headsOf(up), block.queries);
      const dV = fusedProduct(shares, dO, value.shape, { transA: 1n });
      const dP = fusedProduct(dO, value, shares.shape, { transB: 1n });
      const dS = times(minus(dP, lastSum(times(dO, mixed))), shares);
      const dK = fusedProduct(dS, query, key.shape, { transA: 1n, alpha });
      keySums = addedAt(keySums, block.keys, headsOf(dK));
      valueSums = addedAt(valueSums, block.keys, headsOf(dV));
      return fusedProduct(dS, key, query.shape, { alpha });
    });
    const dPicked = byRow(queries);
    const dQ = picked ? addedAt(zerosLike(allQueries), picked, dPicked) : dPicked;
    const rowsOf = (x: Value) => reshapeTo(x, integers(-1, kvWidth), [rows, kvWidth]);
    const back = turned(beside([dQ, rowsOf(keySums)], [rows, width + kvWidth]), negativeSine);
    return [beside([back, rowsOf(valueSums)], qkv.shape)];
  });
}

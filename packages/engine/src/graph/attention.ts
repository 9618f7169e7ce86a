/**
 * Causal self-attention with rotary positions and grouped heads as one operation: one node forwards, whose softmax is
 * kept for the gradient.
 *
 * Shape legend: B batch, T time, N = B * T rows, H heads, K key-value heads, G = H / K, D head size.
 */
import {
  contrib,
  differentiable,
  fusedProduct,
  lastSum,
  minus,
  reshapeTo,
  times,
} from './plain.js';
import { type Dimension, integers, node, sizeAt, type Value } from './value.js';

export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
}

/** What all attentions of a graph share. */
export interface AttentionGrid {
  /** int64 [3]: B, T, -1. */
  readonly grid: Value;
  /** int32 [B], T - 1 in each: all rows are computed whole. */
  readonly last: Value;
  /** int32 [1]: T. */
  readonly total: Value;
  /** Tables of angles, [T or more, D/2]. */
  readonly cosine: Value;
  readonly sine: Value;
  readonly negativeSine: Value;
}

const joined = (parts: readonly Value[], shape: readonly Dimension[]): Value =>
  node('Concat', parts, [shape], { attributes: { axis: 1n } })[0];
const swapped = (x: Value, shape: readonly Dimension[]): Value =>
  node('Transpose', [x], [shape], { attributes: { perm: [0n, 2n, 1n, 3n] } })[0];

/**
 * qkv [N, (H + 2K) * D], in each row the query heads, the key heads and the value heads -> [N, H * D]:
 * softmax(q k^T / sqrt(D)) v over the positions up to a row's own, with q and k rotated.
 */
export function causalAttention(
  qkv: Value,
  { heads, kvHeads, headSize }: AttentionShape,
  { grid, last, total, cosine, sine, negativeSine }: AttentionGrid,
): Value {
  const rows = sizeAt(qkv, 0);
  const width = heads * headSize;
  const all = heads + 2 * kvHeads;
  const keys = ['batch', kvHeads, 'time', headSize];
  const kvWidth = kvHeads * headSize;
  const [queries, ownKeys, ownValues] = node(
    'Split',
    [reshapeTo(qkv, grid, ['batch', 'time', all * headSize]), integers(width, kvWidth, kvWidth)],
    [
      ['batch', 'time', width],
      ['batch', 'time', kvWidth],
      ['batch', 'time', kvWidth],
    ],
    { attributes: { axis: -1n } },
  );
  // The operator's own rotation wants head sizes that are multiples of 16.
  const rotated = (x: Value, by: Value): Value =>
    node('RotaryEmbedding', [x, integers(0), cosine, by], [x.shape], contrib)[0];
  const query = rotated(queries, sine);
  const [mixed, key, value, shares] = node(
    'GroupQueryAttention',
    [query, rotated(ownKeys, sine), ownValues, undefined, undefined, last, total],
    [['batch', 'time', width], keys, keys, ['batch', heads, 'time', 'time']],
    {
      ...contrib,
      attributes: { num_heads: BigInt(heads), kv_num_heads: BigInt(kvHeads), qk_output: 2n },
    },
  );
  const result = reshapeTo(mixed, integers(-1, width), [rows, width]);

  /** [B, T, heads * size] -> [B, heads, T, size] */
  const apart = (x: Value, size: number): Value =>
    swapped(reshapeTo(x, integers(0, 0, heads, size), ['batch', 'time', heads, size]), [
      'batch',
      heads,
      'time',
      size,
    ]);
  /** The heads of a group one below the other, [B, H, T, ..] -> [B, K, G * T, ..]: no element moves. */
  const grouped = (x: Value): Value =>
    reshapeTo(x, integers(0, kvHeads, -1, 0), ['batch', kvHeads, 'groupTime', sizeAt(x, 3)]);

  return differentiable(result, [qkv], (up) => {
    // With P the shares and O the result: dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dP P)), whose sum is that of
    // dO O (Dao 2023), dQ = dS K / sqrt(D), dK = dS^T Q / sqrt(D), the last two turned back.
    const alpha = 1 / Math.sqrt(headSize);
    const upGrid = reshapeTo(up, grid, ['batch', 'time', width]);
    const dO = grouped(apart(upGrid, headSize));
    const own = times(upGrid, mixed);
    const ofHeads = reshapeTo(own, integers(0, 0, heads, headSize), [
      'batch',
      'time',
      heads,
      headSize,
    ]);
    const sums = lastSum(ofHeads);
    const sum = grouped(swapped(sums, ['batch', heads, 'time', 1]));
    const share = grouped(shares);
    const dV = fusedProduct(share, dO, keys, { transA: 1n });
    const dP = fusedProduct(dO, value, share.shape, { transB: 1n });
    const centred = minus(dP, sum);
    const dS = times(centred, share);
    const q = grouped(apart(query, headSize));
    const dQ = fusedProduct(dS, key, q.shape, { alpha });
    const dK = fusedProduct(dS, q, keys, { transA: 1n, alpha });
    const dQHeads = reshapeTo(dQ, integers(0, heads, -1, 0), ['batch', heads, 'time', headSize]);
    const turned = rotated(
      joined([dQHeads, dK], ['batch', heads + kvHeads, 'time', headSize]),
      negativeSine,
    );
    const whole = joined([turned, dV], ['batch', all, 'time', headSize]);
    const byRow = swapped(whole, ['batch', 'time', all, headSize]);
    return [reshapeTo(byRow, integers(-1, all * headSize), qkv.shape)];
  });
}

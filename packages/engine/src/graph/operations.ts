/**
 * The operations of a Llama, each with its gradient. One function, one ONNX node forwards (two at most), and a
 * vector-Jacobian product written with the same functions or with plain nodes.
 *
 * Shape legend: B batch, T time, N = T * B rows, H heads, D head size, d hidden size, V vocabulary.
 */
import { EngineError } from '../error.js';
import {
  contrib,
  differentiable,
  fusedProduct,
  gather,
  lastSum,
  minus,
  plain,
  reshapeTo,
  sameShape,
  times,
  zerosLike,
} from './plain.js';
import { integers, node, scalar, sizeAt, staticShape, staticSize, type Value } from './value.js';

/** a + b, equal shapes. */
export function add(a: Value, b: Value): Value {
  sameShape('add', a, b);
  return differentiable(plain('Add', a.shape, a, b), [a, b], (up) => [up, up]);
}

/** a [N, d] + row [d], added to each row of a. */
export function addRow(a: Value, row: Value): Value {
  if (row.shape.length !== 1 || row.shape[0] !== a.shape.at(-1)) {
    throw new EngineError('shape', `addRow: cannot add [${row.shape}] to the rows of [${a.shape}]`);
  }
  return differentiable(plain('Add', a.shape, a, row), [a, row], (up) => [
    up,
    node('ReduceSum', [up, integers(0)], [row.shape], { attributes: { keepdims: 0n } })[0],
  ]);
}

/** a * b by element, equal shapes. */
export function multiply(a: Value, b: Value): Value {
  sameShape('multiply', a, b);
  return differentiable(times(a, b), [a, b], (up) => [times(up, b), times(up, a)]);
}

/** a * factor. */
export function scale(a: Value, factor: number): Value {
  return differentiable(times(a, scalar(factor)), [a], (up) => [times(up, scalar(factor))]);
}

/** a [.., d] with each column times its factor [d], which are constants. */
export const scaleColumns = (a: Value, factors: Value): Value =>
  differentiable(times(a, factors), [a], (up) => [scaleColumns(up, factors)]);

/** The sum of all elements, shape []. */
export function sum(a: Value): Value {
  const shape = staticShape(a, 'sum');
  return differentiable(
    node('ReduceSum', [a], [[]], { attributes: { keepdims: 0n } })[0],
    [a],
    (up) => [node('Expand', [up, integers(...shape)], [shape])[0]],
  );
}

export interface ProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor on the product. */
  readonly alpha?: number;
}

/** alpha * op(a) op(b), where op transposes the last two axes or nothing; leading axes are equal batch axes. */
export function product(a: Value, b: Value, options: ProductOptions = {}): Value {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  const [rows, innerA] = transposeA
    ? [sizeAt(a, -1), sizeAt(a, -2)]
    : [sizeAt(a, -2), sizeAt(a, -1)];
  const [innerB, columns] = transposeB
    ? [sizeAt(b, -1), sizeAt(b, -2)]
    : [sizeAt(b, -2), sizeAt(b, -1)];
  const batch = a.shape.slice(0, -2);
  if (innerA !== innerB || batch.join() !== b.shape.slice(0, -2).join()) {
    throw new EngineError(
      'shape',
      `product: cannot multiply [${a.shape}]${transposeA ? '^T' : ''} by [${b.shape}]${transposeB ? '^T' : ''}`,
    );
  }
  const shape = [...batch, rows, columns];
  const value =
    transposeA || transposeB || alpha !== 1
      ? fusedProduct(a, b, shape, {
          transA: transposeA ? 1n : 0n,
          transB: transposeB ? 1n : 0n,
          alpha,
        })
      : node('MatMul', [a, b], [shape])[0];
  // With A' = op(A), B' = op(B): dA' = dY B'^T and dB' = A'^T dY, each transposed back where op transposed it.
  return differentiable(value, [a, b], (up) => [
    transposeA
      ? product(b, up, { transposeA: transposeB, transposeB: true, alpha })
      : product(up, b, { transposeB: !transposeB, alpha }),
    transposeB
      ? product(up, a, { transposeA: true, transposeB: transposeA, alpha })
      : product(a, up, { transposeA: !transposeA, alpha }),
  ]);
}

/** x [N, d], weight [d] -> x / sqrt(mean(x^2) + epsilon) * weight (Zhang & Sennrich 2019). */
export function rmsNorm(x: Value, weight: Value, epsilon: number): Value {
  const [value, inverse] = node(
    'SimplifiedLayerNormalization',
    [x, weight],
    [x.shape, [...x.shape.slice(0, -1), 1]],
    { attributes: { axis: -1n, epsilon, stash_type: 1n } },
  );
  return differentiable(value, [x, weight], (up) => {
    // With r = 1/rms and g = up * weight: dx = r g - x r^3 mean(g x), dweight = sum over rows of r up x. Both sums are
    // products with a vector, which read their matrix once.
    const size = staticSize(x, -1, 'rmsNorm');
    const upX = times(up, x);
    const sums = plain(
      'MatMul',
      inverse.shape,
      upX,
      plain('Unsqueeze', [size, 1], weight, integers(1)),
    );
    const cube = times(times(inverse, inverse), times(inverse, scalar(1 / size)));
    const dx = minus(times(times(up, weight), inverse), times(x, times(sums, cube)));
    const dWeight = node(
      'MatMul',
      [reshapeTo(inverse, integers(1, -1), [1, sizeAt(x, 0)]), upX],
      [[1, size]],
    )[0];
    return [dx, reshapeTo(dWeight, integers(size), [size])];
  });
}

/** silu(gate) * up, by element (Shazeer 2020); silu(x) = x sigmoid(x). */
export function swiglu(gate: Value, up: Value): Value {
  sameShape('swiglu', gate, up);
  const silu = node('QuickGelu', [gate], [gate.shape], {
    ...contrib,
    attributes: { alpha: 1 },
  })[0];
  return differentiable(times(silu, up), [gate, up], (g) => {
    // silu'(x) = s + x s (1 - s) = silu + s (1 - silu), with s = sigmoid(x)
    const s = plain('Sigmoid', gate.shape, gate);
    const slope = plain(
      'Add',
      gate.shape,
      silu,
      times(s, plain('Sub', gate.shape, scalar(1), silu)),
    );
    return [times(times(g, up), slope), times(g, silu)];
  });
}

/**
 * Rotary position embedding (Su et al. 2021), halves layout as in Llama: x [B, T, H*D], positions int64
 * [B, T] or [1] (the offset of all rows),
 * cosine and sine tables [maxPositions, D/2]. The gradient is the rotation by the opposite angle.
 */
export function rotary(
  x: Value,
  positions: Value,
  cosine: Value,
  sine: Value,
  negativeSine: Value,
): Value {
  const value = node('RotaryEmbedding', [x, positions, cosine, sine], [x.shape], contrib)[0];
  return differentiable(value, [x], (up) => [rotary(up, positions, cosine, negativeSine, sine)]);
}

/** softmax over the last axis of scores [.., T, T] + mask [T, T] (0 where allowed, very negative where not). */
export function maskedSoftmax(scores: Value, mask: Value): Value {
  const masked = plain('Add', scores.shape, scores, mask);
  const value = node('Softmax', [masked], [scores.shape], { attributes: { axis: -1n } })[0];
  return differentiable(value, [scores], (up) => {
    const weighted = times(up, value);
    return [minus(weighted, times(value, lastSum(weighted)))];
  });
}

/** Rows of table [V, d] at ids int64 [N] -> [N, d]. */
export function embed(table: Value, ids: Value): Value {
  const count = sizeAt(ids, 0);
  return differentiable(gather(table, ids), [table], (up) => {
    const zeros = zerosLike(table);
    const indices = node('Unsqueeze', [ids, integers(1)], [[count, 1]], { types: ['int64'] })[0];
    const attributes = { reduction: 'add' };
    return [node('ScatterND', [zeros, indices, up], [table.shape], { attributes })[0]];
  });
}

/**
 * Weighted negative log-likelihood: sum over rows of weight * -log softmax(logits)[target], shape [].
 * logits [N, V], targets int64 [N] (any valid id where the weight is 0), weights [N].
 */
export function crossEntropy(logits: Value, targets: Value, weights: Value): Value {
  const rows = sizeAt(logits, 0);
  const logProbability = node('LogSoftmax', [logits], [logits.shape], {
    attributes: { axis: -1n },
  })[0];
  const column = node('Unsqueeze', [targets, integers(1)], [[rows, 1]], { types: ['int64'] })[0];
  const picked = node('GatherElements', [logProbability, column], [[rows, 1]], {
    attributes: { axis: 1n },
  })[0];
  const columnWeights = plain('Unsqueeze', [rows, 1], weights, integers(1));
  const loss = node('ReduceSum', [times(picked, columnWeights)], [[]], {
    attributes: { keepdims: 0n },
  })[0];
  // From the loss back to the logits is one formula: weight * (softmax - one-hot of the target).
  return differentiable(plain('Neg', [], loss), [logits], (up) => {
    const factor = times(columnWeights, up);
    const softmax = times(plain('Exp', logits.shape, logProbability), factor);
    const less = plain('Neg', factor.shape, factor);
    const attributes = { axis: 1n, reduction: 'add' };
    return [node('ScatterElements', [softmax, column, less], [logits.shape], { attributes })[0]];
  });
}

/**
 * `crossEntropy` where a row may have several targets: sum over entries of weight * -log softmax(logits[row])[target],
 * shape []. logits [N, V], places int64 [E, 2] (row and target of each entry, none twice), weights [E], totals [N, 1] (the
 * sum of the weights of a row's entries).
 */
export function crossEntropyAt(logits: Value, places: Value, weights: Value, totals: Value): Value {
  const logProbability = node('LogSoftmax', [logits], [logits.shape], {
    attributes: { axis: -1n },
  })[0];
  const picked = node('GatherND', [logProbability, places], [weights.shape])[0];
  const loss = node('ReduceSum', [times(picked, weights)], [[]], {
    attributes: { keepdims: 0n },
  })[0];
  return differentiable(plain('Neg', [], loss), [logits], (up) => {
    const softmax = times(plain('Exp', logits.shape, logProbability), times(totals, up));
    const less = plain('Neg', weights.shape, times(weights, up));
    const attributes = { reduction: 'add' };
    return [node('ScatterND', [softmax, places, less], [logits.shape], { attributes })[0]];
  });
}

/** x [.., in] by the rows of a matrix [out, in] -> [.., out], with no gradient: for inference. */
export const apply = (x: Value, matrix: Value, alpha = 1): Value =>
  fusedProduct(x, matrix, [...x.shape.slice(0, -1), sizeAt(matrix, 0)], { transB: 1n, alpha });

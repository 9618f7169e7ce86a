/** What comparisons with other implementations need: weights that matter, and logits by the plainest path. */
import * as g from '../graph/index.js';
import {
  type Adapter,
  type AdapterShape,
  type Frozen,
  flatten,
  forward,
  initialAdapter,
  initialWeights,
  type LlamaConfig,
  layoutOf,
  type Weights,
} from '../llama/index.js';
import { floats, Session, Tensor } from '../onnx/index.js';

/**
 * `initialWeights` with matrices 12 times as large and norms that differ, so that attention is sharp, gates are bent
 * and a wrong position, head or norm shows in the logits.
 */
export function strongWeights(config: LlamaConfig, seed: number): Weights {
  return new Map(
    [...initialWeights(config, seed)].map(([name, { shape, data }]) => [
      name,
      {
        shape,
        data:
          shape.length > 1
            ? data.map((value) => value * 12)
            : data.map((value, i) => value + 0.1 * Math.sin(i)),
      },
    ]),
  );
}

/** Weights of a model as threads share them, or those of another layout. */
export function frozenOf(config: LlamaConfig, weights: Weights, layout = layoutOf(config)): Frozen {
  const memory = new SharedArrayBuffer(4 * layout.size);
  flatten(layout, weights, new Float32Array(memory));
  return { memory };
}

/** Logits [T * V] of one sequence from the uncached graph. */
export async function logitsOf(
  config: LlamaConfig,
  weights: Weights,
  tokens: readonly number[],
  adapter?: Adapter,
): Promise<Float32Array> {
  const values = new Map(
    [...weights, ...(adapter?.weights ?? [])].map(([name, { shape, data }]) => [
      name,
      g.constant(data, [...shape]),
    ]),
  );
  const ids = g.input('tokens', 'int64', [tokens.length]);
  const scale = adapter && adapter.alpha / adapter.rank;
  const session = await Session.compile({
    logits: forward(config, values, ids, 1, tokens.length, scale),
  });
  const outputs = await session.run({
    tokens: new Tensor('int64', BigInt64Array.from(tokens, BigInt), [tokens.length]),
  });
  await session.release();
  return floats(outputs, 'logits');
}

/** An adapter whose B is not zero: 0.3 sin(i) in its place. */
export function strongAdapter(config: LlamaConfig, shape: AdapterShape, seed: number): Adapter {
  const adapter = initialAdapter(config, shape, seed);
  for (const [name, { data }] of adapter.weights) {
    if (name.endsWith('.lora_B.weight')) data.set(data.map((_, i) => 0.3 * Math.sin(i + 1)));
  }
  return adapter;
}

/** The largest difference between two vectors, relative to the largest value of the second. */
export function relativeError(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    // Math.max keeps a NaN, which is below no tolerance.
    difference = Math.max(difference, Math.abs(found[i]! - expected[i]!));
    largest = Math.max(largest, Math.abs(expected[i]!));
  }
  return difference / largest;
}

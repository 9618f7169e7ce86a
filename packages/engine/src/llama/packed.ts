/** Weights of several modules laid side by side as constants of a graph, so that one product computes them all. */
import { EngineError } from '../error.js';
import { constant, type Value } from '../graph/index.js';
import { matrixShape, type Tensor, type Weights } from './weights.js';

/** Throws `EngineError` "weights" where the model has none of that name. */
export function tensorOf(weights: Weights, name: string): Tensor {
  const found = weights.get(name);
  if (found) return found;
  throw new EngineError('weights', `weight ${name} is missing`);
}

/**
 * What the ranks of the adapted modules add to the columns of all modules, [sum of ranks, sum of outs]: each `lora_B`
 * transposed where its module's columns are, zero elsewhere.
 */
export function adapterRows(weights: Weights, modules: readonly string[]): Value {
  const parts = modules.map((module) => {
    const [out] = matrixShape(tensorOf(weights, `${module}.weight`).shape);
    const up = weights.get(`${module}.lora_B.weight`);
    return { out, up, rank: up ? matrixShape(up.shape)[1] : 0 };
  });
  const width = parts.reduce((sum, { out }) => sum + out, 0);
  const height = parts.reduce((sum, { rank }) => sum + rank, 0);
  const data = new Float32Array(height * width);
  let [row, column] = [0, 0];
  for (const { out, up, rank } of parts) {
    for (let r = 0; up && r < rank; r++) {
      for (let o = 0; o < out; o++) data[(row + r) * width + column + o] = up.data[o * rank + r]!;
    }
    row += rank;
    column += out;
  }
  return constant(data, [height, width]);
}

/** Vectors one after the other as one constant. */
export function sideBySide(parts: readonly Tensor[]): Value {
  const data = Float32Array.from(parts.flatMap((part) => [...part.data]));
  return constant(data, [data.length]);
}

/** Weights [out, in] side by side as one constant [in, sum of outs]. */
export function transposed(parts: readonly Tensor[]): Value {
  const outer = parts.reduce((sum, { shape }) => sum + matrixShape(shape)[0], 0);
  const size = parts.reduce((sum, { data }) => sum + data.length, 0);
  const inner = size / outer;
  const joined = new Float32Array(size);
  let column = 0;
  for (const { shape, data } of parts) {
    const [out] = matrixShape(shape);
    for (let o = 0; o < out; o++) {
      for (let i = 0; i < inner; i++) joined[i * outer + column + o] = data[o * inner + i]!;
    }
    column += out;
  }
  return constant(joined, [inner, outer]);
}

/** How a model's weights start: fresh, or from those of a shallower one. */
import type { LlamaConfig } from './config.js';
import { normals } from './random.js';
import { type Tensor, type Weights, weightShapes } from './weights.js';

/**
 * Fresh weights: norms 1, biases 0, all else normal with deviation 0.02, and 0.02 / sqrt(2 layers) for the two projections
 * that write to the residual stream (GPT-2, section 2.3). The same seed gives the same weights.
 */
export function initialWeights(config: LlamaConfig, seed: number): Weights {
  const normal = normals(seed);
  const residual = 0.02 / Math.sqrt(2 * config.layers);
  return new Map(
    weightShapes(config).map(([name, shape]): [string, Tensor] => {
      const data = new Float32Array(shape.reduce((a, b) => a * b));
      if (shape.length === 1) {
        return [name, { shape, data: data.fill(name.endsWith('.bias') ? 0 : 1) }];
      }
      const deviation = /(o_proj|down_proj)\.weight$/.test(name) ? residual : 0.02;
      for (let i = 0; i < data.length; i++) data[i] = deviation * normal();
      return [name, { shape, data }];
    }),
  );
}

/**
 * The same function with more layers: new ones are put on top and write nothing at first, because their projections into
 * the residual stream are zero (as in Net2Net, Chen et al. 2016). What the model has learned is there for them to read.
 */
export function deepen(
  config: LlamaConfig,
  weights: Weights,
  layers: number,
  seed: number,
): { config: LlamaConfig; weights: Weights } {
  const deeper = { ...config, layers };
  const grown = initialWeights(deeper, seed);
  for (const [name, tensor] of grown) {
    const known = weights.get(name);
    if (known) grown.set(name, { shape: known.shape, data: known.data.slice() });
    else if (/(o_proj|down_proj)\.weight$/.test(name)) tensor.data.fill(0);
  }
  return { config: deeper, weights: grown };
}

/**
 * The weights with other rows for some tokens, in the tables of embeddings and of outputs: normal numbers with each column's
 * mean and the table's deviation from it, over the other tokens. A token that no text had is as it was drawn, far smaller
 * than those which were learned, or has been pushed away from whatever is written.
 */
export function withFreshRows(weights: Weights, tokens: readonly number[], seed: number): Weights {
  const normal = normals(seed);
  const fresh = new Map(weights);
  for (const name of ['model.embed_tokens.weight', 'lm_head.weight']) {
    const table = weights.get(name);
    if (!table) continue;
    const [rows, width] = table.shape as [number, number];
    const data = table.data.slice();
    const others = Array.from({ length: rows }, (_, row) => row).filter(
      (row) => !tokens.includes(row),
    );
    const means = new Float64Array(width);
    for (const row of others) {
      for (let i = 0; i < width; i++) means[i]! += data[row * width + i]! / others.length;
    }
    let squares = 0;
    for (const row of others) {
      for (let i = 0; i < width; i++) squares += (data[row * width + i]! - means[i]!) ** 2;
    }
    const deviation = Math.sqrt(squares / (others.length * width));
    for (const token of tokens) {
      for (let i = 0; i < width; i++) data[token * width + i] = means[i]! + deviation * normal();
    }
    fresh.set(name, { shape: table.shape, data });
  }
  return fresh;
}

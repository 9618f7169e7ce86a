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

/** Low-rank adapters (LoRA, Hu et al. 2021): a module W x becomes W x + alpha/rank B A x, where A and B alone are learned. */
import { EngineError } from '../error.js';
import type { LlamaConfig } from './config.js';
import { uniforms } from './random.js';
import { eachWeight, matrixShape, type Tensor, type Weights } from './weights.js';

/** The modules that an adapter can change, by their names within a layer. */
export const adapterModules = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
export type AdapterModule = (typeof adapterModules)[number];

/** The size of an adapter: `alpha / rank` is the factor on what it adds. */
export interface AdapterShape {
  readonly rank: number;
  readonly alpha: number;
  readonly modules: readonly AdapterModule[];
  /** Layers that it changes, counted from 0; all if left out. Nothing is computed backwards below the first of them. */
  readonly layers?: readonly number[] | undefined;
}

export interface Adapter extends AdapterShape {
  /** `<module>.lora_A.weight` [rank, in] and `<module>.lora_B.weight` [out, rank] of each module of each layer. */
  readonly weights: Weights;
}

/** An adapter without what it has learned. */
export const shapeOf = ({ weights: _, ...shape }: Adapter): AdapterShape => shape;

/** An adapter's tensors with their shapes, in the order of the model's. */
export function adapterShapes(
  config: LlamaConfig,
  { rank, modules, layers }: AdapterShape,
): [name: string, shape: number[]][] {
  const shapes: [string, number[]][] = [];
  for (const [name, shape] of eachWeight(config)) {
    const [, layer, module] = /\.(\d+)\..*\.(\w+_proj)\.weight$/.exec(name) ?? [];
    if (!modules.some((wanted) => wanted === module)) continue;
    if (layers && !layers.includes(Number(layer))) continue;
    const [out, inner] = matrixShape(shape);
    const at = name.slice(0, -'.weight'.length);
    shapes.push([`${at}.lora_A.weight`, [rank, inner]], [`${at}.lora_B.weight`, [out, rank]]);
  }
  return shapes;
}

/**
 * A fresh adapter, which changes nothing yet: B is zero, A uniform within 1 / sqrt(in) of zero, as PEFT starts.
 * Throws `EngineError` "adapter-invalid" for a rank or module that is none.
 */
export function initialAdapter(config: LlamaConfig, shape: AdapterShape, seed: number): Adapter {
  checkAdapterShape('new adapter', shape, config);
  const uniform = uniforms(seed);
  const weights: Weights = new Map(
    adapterShapes(config, shape).map(([name, size]): [string, Tensor] => {
      const [out, inner] = matrixShape(size);
      const data = new Float32Array(out * inner);
      if (name.endsWith('.lora_A.weight')) {
        const bound = 1 / Math.sqrt(inner);
        for (let i = 0; i < data.length; i++) data[i] = bound * (2 * uniform() - 1);
      }
      return [name, { shape: size, data }];
    }),
  );
  return { ...shape, weights };
}

/** The model's weights with the adapter added in: W + alpha/rank B A. Weights that it does not change are shared. */
export function mergeAdapter(weights: Weights, adapter: Adapter): Weights {
  const merged: Weights = new Map(weights);
  for (const [name, { shape, data }] of weights) {
    const at = name.slice(0, -'.weight'.length);
    const down = adapter.weights.get(`${at}.lora_A.weight`);
    const up = adapter.weights.get(`${at}.lora_B.weight`);
    if (!down || !up) continue;
    const [out, inner] = matrixShape(shape);
    const { rank, alpha } = adapter;
    const sum = data.slice();
    for (let o = 0; o < out; o++) {
      for (let r = 0; r < rank; r++) {
        const factor = (alpha / rank) * up.data[o * rank + r]!;
        for (let i = 0; i < inner; i++) sum[o * inner + i]! += factor * down.data[r * inner + i]!;
      }
    }
    merged.set(name, { shape, data: sum });
  }
  return merged;
}

/** Throws `EngineError` "adapter-invalid", saying `where`, for a rank, factor or module that is none. */
export function checkAdapterShape(
  where: string,
  { rank, alpha, modules, layers }: AdapterShape,
  config: Pick<LlamaConfig, 'layers'>,
): void {
  const invalid = (what: string, found: unknown, expected: string) =>
    new EngineError(
      'adapter-invalid',
      `${where}: ${what} must be ${expected}, found ${JSON.stringify(found)}`,
    );
  if (!Number.isSafeInteger(rank) || rank < 1) {
    throw invalid('rank', rank, 'a whole number above 0');
  }
  if (!Number.isFinite(alpha) || alpha <= 0) throw invalid('alpha', alpha, 'a number above 0');
  if (modules.length === 0 || !modules.every((name) => adapterModules.includes(name))) {
    throw invalid('modules', modules, `some of ${adapterModules.join(', ')}`);
  }
  const isLayer = (n: number): boolean => Number.isSafeInteger(n) && n >= 0 && n < config.layers;
  if (layers && !(layers.length > 0 && layers.every(isLayer))) {
    throw invalid('layers', layers, `some of 0 to ${config.layers - 1}`);
  }
}

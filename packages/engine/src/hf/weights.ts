// A Llama's tensors by their Hugging Face names, and how they start.

import type { LlamaConfig } from './config.js';
import type { Tensor } from './safetensors.js';

/** Tensors keyed by Hugging Face name; matrices are [out, in], as PyTorch's Linear keeps them. */
export type Weights = Map<string, Tensor>;

/** Every tensor of the model with its shape, in a fixed order; `lm_head.weight` is absent when embeddings are tied. */
export function weightShapes(config: LlamaConfig): [name: string, shape: number[]][] {
  return [...eachWeight(config)];
}

/** `weightShapes` one by one: a config.json may claim more layers than memory can name. */
export function* eachWeight(config: LlamaConfig): Generator<[name: string, shape: number[]]> {
  const { hiddenSize, intermediateSize, vocabSize, headSize, attentionBias } = config;
  const queries = config.heads * headSize;
  const keys = config.kvHeads * headSize;
  yield ['model.embed_tokens.weight', [vocabSize, hiddenSize]];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    yield [`${at}.input_layernorm.weight`, [hiddenSize]];
    const attention: [string, number, number][] = [
      ['q', queries, hiddenSize],
      ['k', keys, hiddenSize],
      ['v', keys, hiddenSize],
      ['o', hiddenSize, queries],
    ];
    for (const [name, out, inner] of attention) {
      yield [`${at}.self_attn.${name}_proj.weight`, [out, inner]];
    }
    // Apart, so that the weights of queries, keys and values lie next to one another in a flat vector.
    for (const [name, out] of attention) {
      if (attentionBias?.includes(name)) yield [`${at}.self_attn.${name}_proj.bias`, [out]];
    }
    if (config.headNorms) {
      yield [`${at}.self_attn.q_norm.weight`, [headSize]];
      yield [`${at}.self_attn.k_norm.weight`, [headSize]];
    }
    yield [`${at}.post_attention_layernorm.weight`, [hiddenSize]];
    const mlp: [string, number, number][] = [
      ['gate', intermediateSize, hiddenSize],
      ['up', intermediateSize, hiddenSize],
      ['down', hiddenSize, intermediateSize],
    ];
    for (const [name, out, inner] of mlp) {
      yield [`${at}.mlp.${name}_proj.weight`, [out, inner]];
      if (config.mlpBias) yield [`${at}.mlp.${name}_proj.bias`, [out]];
    }
  }
  yield ['model.norm.weight', [hiddenSize]];
  if (!config.tieEmbeddings) yield ['lm_head.weight', [vocabSize, hiddenSize]];
}

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

/** Standard normal numbers (Box-Muller over sfc32). */
function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  let spare: number | undefined;
  return () => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
}

/** Uniform numbers in [0, 1): Chris Doty-Humphrey's sfc32. */
export function uniforms(seed: number): () => number {
  let [a, b, c, counter] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 1];
  const next = () => {
    const t = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return (t >>> 0) / 2 ** 32;
  };
  // the first outputs still resemble the seed
  for (let i = 0; i < 16; i++) next();
  return next;
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

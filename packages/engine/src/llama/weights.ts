/** A Llama's tensors by their Hugging Face names. */
import { EngineError } from '../error.js';
import type { LlamaConfig } from './config.js';

/** Numbers in row-major order: `data.length` is the product of `shape`. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

/** Tensors keyed by Hugging Face name; matrices are [out, in], as PyTorch's Linear keeps them. */
export type Weights = Map<string, Tensor>;

/** A model without the way from text to its tokens. */
export interface ModelWeights {
  readonly config: LlamaConfig;
  readonly weights: Weights;
}

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

/** The shape of a matrix; throws `EngineError` "weights" for what is none. */
export function matrixShape(shape: readonly number[]): [out: number, inner: number] {
  const [out, inner] = shape;
  if (out !== undefined && inner !== undefined && shape.length === 2) return [out, inner];
  throw new EngineError('weights', `expected a matrix [out, in], got the shape [${shape}]`);
}

import { expect, it } from 'vitest';
import type { LlamaConfig } from './config.js';
import { weightShapes } from './weights.js';

const config: LlamaConfig = {
  vocabSize: 300,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  ropeTheta: 10_000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: false,
};

it('names every tensor of a Llama with its shape', () => {
  const shapes = weightShapes(config);
  expect(shapes.slice(0, 10)).toEqual([
    ['model.embed_tokens.weight', [300, 64]],
    ['model.layers.0.input_layernorm.weight', [64]],
    ['model.layers.0.self_attn.q_proj.weight', [128, 64]],
    ['model.layers.0.self_attn.k_proj.weight', [64, 64]],
    ['model.layers.0.self_attn.v_proj.weight', [64, 64]],
    ['model.layers.0.self_attn.o_proj.weight', [64, 128]],
    ['model.layers.0.post_attention_layernorm.weight', [64]],
    ['model.layers.0.mlp.gate_proj.weight', [96, 64]],
    ['model.layers.0.mlp.up_proj.weight', [96, 64]],
    ['model.layers.0.mlp.down_proj.weight', [64, 96]],
  ]);
  expect(shapes.slice(-2).map(([name]) => name)).toEqual(['model.norm.weight', 'lm_head.weight']);
  expect(weightShapes({ ...config, tieEmbeddings: true })).toEqual(shapes.slice(0, -1));
});

it('names the biases and head norms of other architectures', () => {
  const extra = (change: Partial<LlamaConfig>) => {
    const plain = new Set(weightShapes(config).map(([name]) => name));
    return weightShapes({ ...config, layers: 1, ...change }).filter(([name]) => !plain.has(name));
  };
  const at = 'model.layers.0';
  const biases: [string, number[]][] = [
    [`${at}.self_attn.q_proj.bias`, [128]],
    [`${at}.self_attn.k_proj.bias`, [64]],
    [`${at}.self_attn.v_proj.bias`, [64]],
  ];
  expect(extra({ attentionBias: 'qkv' })).toEqual(biases);
  expect(extra({ attentionBias: 'qkvo', mlpBias: true })).toEqual([
    ...biases,
    [`${at}.self_attn.o_proj.bias`, [64]],
    [`${at}.mlp.gate_proj.bias`, [96]],
    [`${at}.mlp.up_proj.bias`, [96]],
    [`${at}.mlp.down_proj.bias`, [64]],
  ]);
  expect(extra({ headNorms: true })).toEqual([
    [`${at}.self_attn.q_norm.weight`, [32]],
    [`${at}.self_attn.k_norm.weight`, [32]],
  ]);
});

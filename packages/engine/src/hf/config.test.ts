import { expect, it } from 'vitest';
import { configFromJson, configToJson, type LlamaConfig } from './config.js';

const config: LlamaConfig = {
  vocabSize: 500,
  hiddenSize: 64,
  intermediateSize: 96,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ropeTheta: 50_000,
  normEpsilon: 1e-5,
  maxPositions: 256,
  tieEmbeddings: true,
  bosToken: 1,
  eosToken: 2,
  padToken: 0,
};

/** TinyLlama-1.1B's published config.json: the spelling before transformers 5. */
const tinyLlama = {
  architectures: ['LlamaForCausalLM'],
  attention_bias: false,
  bos_token_id: 1,
  eos_token_id: 2,
  hidden_act: 'silu',
  hidden_size: 2048,
  initializer_range: 0.02,
  intermediate_size: 5632,
  max_position_embeddings: 2048,
  model_type: 'llama',
  num_attention_heads: 32,
  num_hidden_layers: 22,
  num_key_value_heads: 4,
  pretraining_tp: 1,
  rms_norm_eps: 1e-5,
  rope_scaling: null,
  rope_theta: 10000.0,
  tie_word_embeddings: false,
  torch_dtype: 'bfloat16',
  transformers_version: '4.35.0',
  use_cache: true,
  vocab_size: 32000,
};

it('comes back from config.json as it was', () => {
  const { bosToken: _b, eosToken: _e, padToken: _p, ...bare } = config;
  for (const one of [config, bare]) {
    expect(configFromJson(JSON.parse(JSON.stringify(configToJson(one))))).toEqual(one);
  }
});

it('reads the older spelling, with defaults for what it leaves out', () => {
  expect(configFromJson(tinyLlama)).toEqual({
    vocabSize: 32000,
    hiddenSize: 2048,
    intermediateSize: 5632,
    layers: 22,
    heads: 32,
    kvHeads: 4,
    headSize: 64,
    ropeTheta: 10_000,
    normEpsilon: 1e-5,
    maxPositions: 2048,
    tieEmbeddings: false,
    bosToken: 1,
    eosToken: 2,
  });
});

it('takes the rotary base from rope_parameters before rope_theta', () => {
  const rope_parameters = { rope_type: 'default', rope_theta: 500_000 };
  expect(configFromJson({ ...tinyLlama, rope_parameters }).ropeTheta).toBe(500_000);
  expect(configFromJson({ ...tinyLlama, rope_theta: undefined }).ropeTheta).toBe(10_000);
});

it.each([
  [{ architectures: ['MistralForCausalLM'] }, /architectures is \["MistralForCausalLM"\]/],
  [{ model_type: 'qwen2' }, /model_type is "qwen2", this engine supports "llama"/],
  [{ hidden_act: 'gelu' }, /hidden_act is "gelu", this engine supports "silu"/],
  [{ attention_bias: true }, /attention_bias is true/],
  [{ mlp_bias: true }, /mlp_bias is true/],
  [{ quantization_config: { bits: 4 } }, /quantization_config/],
  [{ rope_scaling: { type: 'linear', factor: 2 } }, /rope_type is "linear"/],
  [{ rope_parameters: { rope_type: 'llama3' } }, /rope_type is "llama3".*supports "default"/],
])('refuses what it does not compute: %j', (change, message) => {
  expect(() => configFromJson({ ...tinyLlama, ...change })).toThrow(
    expect.objectContaining({
      code: 'config-unsupported',
      message: expect.stringMatching(message),
    }),
  );
});

it.each([
  [{ vocab_size: undefined }, /vocab_size must be a number above 0/],
  [{ hidden_size: 0 }, /hidden_size/],
  [{ num_hidden_layers: 1.5 }, /num_hidden_layers must be a whole number/],
  [{ rms_norm_eps: '1e-5' }, /rms_norm_eps.*"1e-5"/],
  [{ num_key_value_heads: 5 }, /num_key_value_heads must be a divisor of 32 heads, found 5/],
  [{ head_dim: 24 }, /head_dim must be a multiple of 16/],
  [{ eos_token_id: 32000 }, /below vocab_size 32000, found 32000/],
  [{ eos_token_id: [2, 3] }, /eos_token_id must be one token id.*\[2,3\]/],
])('refuses sizes that are none: %j', (change, message) => {
  expect(() => configFromJson({ ...tinyLlama, ...change })).toThrow(
    expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(message) }),
  );
});

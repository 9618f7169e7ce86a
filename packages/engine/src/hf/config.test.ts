import { expect, it } from 'vitest';
import type { LlamaConfig, RopeScaling } from '../llama/index.js';
import { configFromJson, configToJson } from './config.js';

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

const { bosToken: _b, eosToken: _e, padToken: _p, ...bare } = config;
const scalings: RopeScaling[] = [
  { type: 'linear', factor: 2 },
  { type: 'dynamic', factor: 3 },
  {
    type: 'yarn',
    factor: 4,
    originalPositions: 64,
    attentionFactor: 1.1,
    betaFast: 16,
    betaSlow: 2,
    truncate: false,
  },
  {
    type: 'longrope',
    shortFactor: [1, 1, 1, 1, 2, 2, 2, 2],
    longFactor: [1, 2, 3, 4, 5, 6, 7, 8],
    originalPositions: 64,
    attentionFactor: 1.2,
  },
  {
    type: 'llama3',
    factor: 8,
    lowFrequencyFactor: 1,
    highFrequencyFactor: 4,
    originalPositions: 64,
  },
];

it.each<LlamaConfig>([
  config,
  bare,
  { ...config, otherEosTokens: [7, 8] },
  { ...config, attentionBias: 'qkvo', mlpBias: true },
  { ...config, attentionBias: 'qkv' },
  { ...config, headNorms: true },
  { ...config, headNorms: true, attentionBias: 'qkvo' },
  ...scalings.map((ropeScaling) => ({ ...config, ropeScaling })),
])('comes back from config.json as it was: %j', (one) => {
  const json = configToJson(one);
  expect(configFromJson(JSON.parse(JSON.stringify(json)))).toEqual(one);
  // The spelling before transformers 5 says the same.
  const { rope_parameters: _r, ...older } = json;
  expect(configFromJson(JSON.parse(JSON.stringify(older)))).toEqual(one);
});

it.each([
  [{ attentionBias: 'qkv', headNorms: true }, /attention_bias/],
  [{ attentionBias: 'qkv', mlpBias: true }, /mlp_bias/],
] as const)('refuses a mixture that no architecture has: %j', (change, message) => {
  expect(() => configToJson({ ...config, ...change })).toThrow(
    expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(message) }),
  );
});

it('fills in what YaRN and LongRoPE leave to a formula', () => {
  const read = (scaling: object) =>
    configFromJson({ ...tinyLlama, rope_scaling: scaling }).ropeScaling;
  expect(read({ type: 'yarn', factor: 4 })).toEqual({
    type: 'yarn',
    factor: 4,
    originalPositions: 2048,
    attentionFactor: 0.1 * Math.log(4) + 1,
    betaFast: 32,
    betaSlow: 1,
    truncate: true,
  });
  const yarn = { type: 'yarn', factor: 4, mscale: 2, mscale_all_dim: 1 };
  expect(read(yarn)).toMatchObject({
    attentionFactor: (0.2 * Math.log(4) + 1) / (0.1 * Math.log(4) + 1),
  });
  const ones = Array.from({ length: 32 }, () => 1);
  const longrope = {
    type: 'longrope',
    short_factor: ones,
    long_factor: ones,
    original_max_position_embeddings: 512,
  };
  expect(read(longrope)).toMatchObject({
    originalPositions: 512,
    attentionFactor: Math.sqrt(1 + Math.log(4) / Math.log(512)),
  });
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
  [
    { model_type: 'mistral' },
    /model_type is "mistral", this engine supports "llama" or "qwen2" or "qwen3"/,
  ],
  [{ model_type: 'constructor' }, /model_type is "constructor"/],
  [{ model_type: 'qwen2' }, /architectures is \["LlamaForCausalLM"\].*Qwen2ForCausalLM/],
  [{ hidden_act: 'gelu' }, /hidden_act is "gelu", this engine supports "silu"/],
  [{ attention_bias: 'all' }, /attention_bias is "all"/],
  [{ use_sliding_window: true }, /use_sliding_window is true/],
  [{ layer_types: ['full_attention', 'sliding_attention'] }, /layer_types is .*sliding_attention/],
  [{ quantization_config: { bits: 4 } }, /quantization_config/],
  [{ rope_scaling: { type: 'su', factor: 2 } }, /rope_type is "su".*supports default, linear/],
  [{ rope_parameters: { partial_rotary_factor: 0.5 } }, /partial_rotary_factor is 0.5/],
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
  [{ head_dim: 20 }, /head_dim must be a multiple of 8/],
  [{ rope_scaling: { type: 'linear' } }, /rope_parameters.factor must be a number above 0/],
  [
    { rope_scaling: { type: 'longrope', short_factor: [1], long_factor: [1] } },
    /short_factor must be a list of 32 numbers/,
  ],
  [
    { rope_scaling: { type: 'llama3', factor: 8, low_freq_factor: 4, high_freq_factor: 1 } },
    /high_freq_factor must be a number above low_freq_factor/,
  ],
  [{ eos_token_id: 32000 }, /below vocab_size 32000, found 32000/],
  [{ eos_token_id: [2, 'a'] }, /eos_token_id must be token ids.*\[2,"a"\]/],
  [{ bos_token_id: [1, 2] }, /bos_token_id must be one token id.*\[1,2\]/],
])('refuses sizes that are none: %j', (change, message) => {
  expect(() => configFromJson({ ...tinyLlama, ...change })).toThrow(
    expect.objectContaining({ code: 'config-invalid', message: expect.stringMatching(message) }),
  );
});

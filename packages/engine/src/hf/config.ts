// The shape of a Llama, Qwen2 or Qwen3 as Hugging Face's config.json spells it. A feature this engine does not compute
// (sliding windows, quantised weights) is refused, never ignored.

import { EngineError } from '../error.js';
import type { LlamaConfig } from '../llama/index.js';
import type { Json } from './json.js';
import { invalid, positive } from './numbers.js';
import { ropeFromJson, ropeToJson } from './rope.js';

/** Architectures by `model_type`, with what each adds to a plain Llama. */
const families: Record<'llama' | 'qwen2' | 'qwen3', Family> = {
  llama: {
    architecture: 'LlamaForCausalLM',
    features: (json) => ({
      ...(json.attention_bias === true && { attentionBias: 'qkvo' }),
      ...(json.mlp_bias === true && { mlpBias: true }),
    }),
  },
  qwen2: { architecture: 'Qwen2ForCausalLM', features: () => ({ attentionBias: 'qkv' }) },
  qwen3: {
    architecture: 'Qwen3ForCausalLM',
    features: (json) => ({
      headNorms: true,
      ...(json.attention_bias === true && { attentionBias: 'qkvo' }),
    }),
  },
};

interface Family {
  readonly architecture: string;
  readonly features: (json: Json) => Pick<LlamaConfig, 'attentionBias' | 'mlpBias' | 'headNorms'>;
}

/** Keys that change what the model computes, with the only values this engine computes (absent counts as the first). */
const supported: readonly (readonly [key: string, ...values: unknown[]])[] = [
  ['hidden_act', 'silu'],
  ['attention_bias', false, true, null],
  ['mlp_bias', false, true, null],
  ['use_sliding_window', false, null],
  ['quantization_config', null],
  ['partial_rotary_factor', 1, null],
];

/** Reads a parsed `config.json`; throws `EngineError` "config-unsupported" or "config-invalid" naming the key. */
export function configFromJson(json: Json): LlamaConfig {
  const type = json.model_type ?? 'llama';
  if (!isFamily(type)) throw unsupported('model_type', type, Object.keys(families));
  const { architecture, features } = families[type];
  const architectures = json.architectures ?? [architecture];
  if (!Array.isArray(architectures) || !architectures.includes(architecture)) {
    throw unsupported('architectures', architectures, [[architecture]]);
  }
  for (const [key, ...values] of supported) {
    if (json[key] !== undefined && !values.includes(json[key])) {
      throw unsupported(key, json[key], values);
    }
  }
  const layerTypes = json.layer_types ?? [];
  if (!Array.isArray(layerTypes) || layerTypes.some((kind) => kind !== 'full_attention')) {
    throw unsupported('layer_types', layerTypes, ['full_attention']);
  }
  const heads = size(json, 'num_attention_heads');
  const hiddenSize = size(json, 'hidden_size');
  const headSize = size(json, 'head_dim', type === 'qwen3' ? 128 : hiddenSize / heads);
  const maxPositions = size(json, 'max_position_embeddings', 2048);
  const config: LlamaConfig = {
    vocabSize: size(json, 'vocab_size'),
    hiddenSize,
    intermediateSize: size(json, 'intermediate_size'),
    layers: size(json, 'num_hidden_layers'),
    heads,
    kvHeads: size(json, 'num_key_value_heads', heads),
    headSize,
    ...ropeFromJson(json, { headSize, maxPositions }),
    normEpsilon: positive(json, 'rms_norm_eps', { fallback: 1e-6, most: 1 }),
    maxPositions,
    tieEmbeddings: json.tie_word_embeddings === true,
    ...features(json),
    ...optionalToken(json, 'bos_token_id', 'bosToken'),
    ...eosTokens(json),
    ...optionalToken(json, 'pad_token_id', 'padToken'),
  };
  checkConfig(config);
  return config;
}

/** Writes the `config.json` object that transformers, vLLM and llama.cpp's converter read, old and new spellings. */
export function configToJson(config: LlamaConfig): Json {
  checkConfig(config);
  const { ropeScaling, attentionBias } = config;
  const type = config.headNorms ? 'qwen3' : attentionBias === 'qkv' ? 'qwen2' : 'llama';
  const rope = ropeToJson(config);
  return {
    architectures: [families[type].architecture],
    model_type: type,
    torch_dtype: 'float32',
    dtype: 'float32',
    vocab_size: config.vocabSize,
    hidden_size: config.hiddenSize,
    intermediate_size: config.intermediateSize,
    num_hidden_layers: config.layers,
    num_attention_heads: config.heads,
    num_key_value_heads: config.kvHeads,
    head_dim: config.headSize,
    hidden_act: 'silu',
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.ropeTheta,
    rope_parameters: rope,
    ...(ropeScaling && { rope_scaling: rope }),
    max_position_embeddings: config.maxPositions,
    tie_word_embeddings: config.tieEmbeddings,
    attention_bias: attentionBias === 'qkvo',
    mlp_bias: config.mlpBias ?? false,
    attention_dropout: 0,
    initializer_range: 0.02,
    use_cache: true,
    bos_token_id: config.bosToken ?? null,
    eos_token_id: eosToJson(config),
    pad_token_id: config.padToken ?? null,
  };
}

/** `eos_token_id`: null, one id or several. */
export function eosToJson({
  eosToken,
  otherEosTokens = [],
}: LlamaConfig): number | number[] | null {
  if (eosToken === undefined) return null;
  return otherEosTokens.length > 0 ? [eosToken, ...otherEosTokens] : eosToken;
}

/** Throws `EngineError` "config-invalid" unless the sizes fit together. */
export function checkConfig(config: LlamaConfig): void {
  if (config.heads % config.kvHeads !== 0) {
    throw invalid('num_key_value_heads', config.kvHeads, `a divisor of ${config.heads} heads`);
  }
  if (config.headSize % 8 !== 0) {
    throw invalid(
      'head_dim',
      config.headSize,
      'a multiple of 8 (what the attention operator computes)',
    );
  }
  if (config.headNorms && config.attentionBias === 'qkv') {
    throw invalid('attention_bias', 'qkv', 'all or none beside head norms');
  }
  if (config.mlpBias && (config.headNorms || config.attentionBias === 'qkv')) {
    throw invalid('mlp_bias', true, 'false in an architecture other than llama');
  }
  const { bosToken, eosToken, otherEosTokens = [], padToken } = config;
  for (const token of [bosToken, eosToken, ...otherEosTokens, padToken]) {
    if (token !== undefined && token >= config.vocabSize) {
      throw invalid('bos/eos/pad_token_id', token, `a token below vocab_size ${config.vocabSize}`);
    }
  }
}

function isFamily(type: unknown): type is keyof typeof families {
  return typeof type === 'string' && Object.hasOwn(families, type);
}

function size(json: Json, key: string, fallback?: number): number {
  const value = positive(json, key, { fallback });
  if (!Number.isSafeInteger(value)) throw invalid(key, value, 'a whole number above 0');
  return value;
}

/** A token id under `name`, or nothing when config.json has null. */
function optionalToken<Name extends string>(
  json: Json,
  key: string,
  name: Name,
): { [N in Name]?: number } {
  const found = json[key] ?? undefined;
  const value: unknown = Array.isArray(found) && found.length === 1 ? found[0] : found;
  if (value === undefined) return {};
  if (!isToken(value)) throw invalid(key, found, 'one token id (0 or above) or null');
  return { [name]: value } as { [N in Name]?: number };
}

/** `eos_token_id`, of which newer models list several. */
function eosTokens(json: Json): Pick<LlamaConfig, 'eosToken' | 'otherEosTokens'> {
  const found = json.eos_token_id;
  if (!Array.isArray(found) || found.length < 2) {
    return optionalToken(json, 'eos_token_id', 'eosToken');
  }
  if (!found.every(isToken)) throw invalid('eos_token_id', found, 'token ids (0 or above)');
  const [eosToken, ...otherEosTokens] = found as [number, ...number[]];
  return { eosToken, otherEosTokens };
}

function isToken(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function unsupported(key: string, found: unknown, values: readonly unknown[]): EngineError {
  const expected = values.map((value) => JSON.stringify(value)).join(' or ');
  return new EngineError(
    'config-unsupported',
    `config.json: ${key} is ${JSON.stringify(found)}, this engine supports ${expected}; use a Llama, Qwen2 or Qwen3 checkpoint`,
  );
}

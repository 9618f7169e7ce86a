// The shape of a Llama, and its spelling in Hugging Face's config.json.
// A feature this engine does not compute (scaled positions, biases, quantised weights) is refused, never ignored.

import { EngineError } from '../error.js';

/** The shape of a Llama model; sizes are counts of numbers, tokens are vocabulary ids. */
export interface LlamaConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ropeTheta: number;
  readonly normEpsilon: number;
  readonly maxPositions: number;
  readonly tieEmbeddings: boolean;
  readonly bosToken?: number;
  readonly eosToken?: number;
  readonly padToken?: number;
}

/** Any JSON object, as parsed. */
export type Json = Record<string, unknown>;

/** Keys that change what the model computes, with the only values this engine computes (absent counts as the first). */
const supported: readonly (readonly [key: string, ...values: unknown[]])[] = [
  ['model_type', 'llama'],
  ['hidden_act', 'silu'],
  ['attention_bias', false, null],
  ['mlp_bias', false, null],
  ['quantization_config', null],
  ['partial_rotary_factor', 1, null],
];

/** Reads a parsed `config.json`; throws `EngineError` "config-unsupported" or "config-invalid" naming the key. */
export function configFromJson(json: Json): LlamaConfig {
  const architectures = json.architectures ?? ['LlamaForCausalLM'];
  if (!Array.isArray(architectures) || !architectures.includes('LlamaForCausalLM')) {
    throw unsupported('architectures', architectures, [['LlamaForCausalLM']]);
  }
  for (const [key, ...values] of supported) {
    if (json[key] !== undefined && !values.includes(json[key])) {
      throw unsupported(key, json[key], values);
    }
  }
  const heads = size(json, 'num_attention_heads');
  const hiddenSize = size(json, 'hidden_size');
  const config: LlamaConfig = {
    vocabSize: size(json, 'vocab_size'),
    hiddenSize,
    intermediateSize: size(json, 'intermediate_size'),
    layers: size(json, 'num_hidden_layers'),
    heads,
    kvHeads: size(json, 'num_key_value_heads', heads),
    headSize: size(json, 'head_dim', hiddenSize / heads),
    ropeTheta: ropeTheta(json),
    normEpsilon: positive(json, 'rms_norm_eps', 1e-6),
    maxPositions: size(json, 'max_position_embeddings', 2048),
    tieEmbeddings: json.tie_word_embeddings === true,
    ...optionalToken(json, 'bos_token_id', 'bosToken'),
    ...optionalToken(json, 'eos_token_id', 'eosToken'),
    ...optionalToken(json, 'pad_token_id', 'padToken'),
  };
  checkConfig(config);
  return config;
}

/** Writes the `config.json` object that transformers, vLLM and llama.cpp's converter read, old and new spellings. */
export function configToJson(config: LlamaConfig): Json {
  checkConfig(config);
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
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
    rope_parameters: { rope_type: 'default', rope_theta: config.ropeTheta },
    max_position_embeddings: config.maxPositions,
    tie_word_embeddings: config.tieEmbeddings,
    attention_bias: false,
    mlp_bias: false,
    attention_dropout: 0,
    initializer_range: 0.02,
    use_cache: true,
    bos_token_id: config.bosToken ?? null,
    eos_token_id: config.eosToken ?? null,
    pad_token_id: config.padToken ?? null,
  };
}

/** Throws `EngineError` "config-invalid" unless the sizes fit together. */
export function checkConfig(config: LlamaConfig): void {
  if (config.heads % config.kvHeads !== 0) {
    throw invalid('num_key_value_heads', config.kvHeads, `a divisor of ${config.heads} heads`);
  }
  if (config.headSize % 16 !== 0) {
    throw invalid(
      'head_dim',
      config.headSize,
      'a multiple of 16 (what the attention operator computes)',
    );
  }
  for (const token of [config.bosToken, config.eosToken, config.padToken]) {
    if (token !== undefined && token >= config.vocabSize) {
      throw invalid('bos/eos/pad_token_id', token, `a token below vocab_size ${config.vocabSize}`);
    }
  }
}

/** The rotary base: `rope_parameters.rope_theta` (transformers 5), else `rope_theta`, else Llama's 10000. */
function ropeTheta(json: Json): number {
  const scaling = object(json, 'rope_scaling');
  const parameters = { ...scaling, ...object(json, 'rope_parameters') };
  const type = parameters.rope_type ?? parameters.type ?? 'default';
  if (type !== 'default') throw unsupported('rope_parameters.rope_type', type, ['default']);
  const partial = parameters.partial_rotary_factor ?? 1;
  if (partial !== 1) throw unsupported('rope_parameters.partial_rotary_factor', partial, [1]);
  return positive({ rope_theta: json.rope_theta, ...parameters }, 'rope_theta', 10_000);
}

function object(json: Json, key: string): Json {
  const value = json[key] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid(key, value, 'an object');
  return value as Json;
}

function positive(json: Json, key: string, fallback?: number): number {
  const value = json[key] ?? fallback;
  if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) {
    throw invalid(key, value, 'a number above 0');
  }
  return value;
}

function size(json: Json, key: string, fallback?: number): number {
  const value = positive(json, key, fallback);
  if (!Number.isSafeInteger(value)) throw invalid(key, value, 'a whole number above 0');
  return value;
}

/** A token id under `name`, or nothing when config.json has null; newer models list several, of which one is supported. */
function optionalToken<Name extends string>(
  json: Json,
  key: string,
  name: Name,
): { [N in Name]?: number } {
  const found = json[key] ?? undefined;
  const value: unknown = Array.isArray(found) && found.length === 1 ? found[0] : found;
  if (value === undefined) return {};
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw invalid(key, found, 'one token id (0 or above) or null');
  }
  return { [name]: value } as { [N in Name]?: number };
}

function unsupported(key: string, found: unknown, values: readonly unknown[]): EngineError {
  const expected = values.map((value) => JSON.stringify(value)).join(' or ');
  return new EngineError(
    'config-unsupported',
    `config.json: ${key} is ${JSON.stringify(found)}, this engine supports ${expected}; use a plain Llama checkpoint`,
  );
}

function invalid(key: string, found: unknown, expected: string): EngineError {
  return new EngineError(
    'config-invalid',
    `config.json: ${key} must be ${expected}, found ${JSON.stringify(found)}`,
  );
}

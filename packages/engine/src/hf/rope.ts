// Rotary positions in config.json, in the spellings of transformers before and since version 5.

import { EngineError } from '../error.js';
import type { RopeScaling, RopeShape } from '../llama/index.js';
import type { Json } from './json.js';
import { invalid, positive } from './numbers.js';

/** Where they are, in what is said of wrong ones. */
const within = 'rope_parameters.';

/**
 * Reads the base and scaling from `rope_parameters` (transformers 5) or `rope_theta` and `rope_scaling`.
 * Throws `EngineError` "config-unsupported" for an unknown scaling, "config-invalid" for a wrong number.
 */
export function ropeFromJson(
  json: Json,
  shape: { readonly headSize: number; readonly maxPositions: number },
): { ropeTheta: number; ropeScaling?: RopeScaling } {
  const given: Json = {
    rope_theta: json.rope_theta ?? 10_000,
    ...object(json, 'rope_scaling'),
    ...object(json, 'rope_parameters'),
  };
  // A length beside the parameters comes first, as in transformers.
  if (json.original_max_position_embeddings != null) {
    given.original_max_position_embeddings = json.original_max_position_embeddings;
  }
  const partial = given.partial_rotary_factor ?? 1;
  if (partial !== 1) {
    throw new EngineError(
      'config-unsupported',
      `config.json: rope_parameters.partial_rotary_factor is ${JSON.stringify(partial)}, this engine supports 1; use a model whose heads are rotated whole`,
    );
  }
  // No model's is near that, and angles of more would all be 0.
  const ropeTheta = positive(given, 'rope_theta', { most: 1e12, within });
  const ropeScaling = scalingFromJson(given, shape);
  return ropeScaling ? { ropeTheta, ropeScaling } : { ropeTheta };
}

function scalingFromJson(
  given: Json,
  shape: { readonly headSize: number; readonly maxPositions: number },
): RopeScaling | undefined {
  const type = given.rope_type ?? given.type ?? 'default';
  const original = () => number(given, 'original_max_position_embeddings', shape.maxPositions);
  switch (type) {
    case 'default':
      return undefined;
    case 'linear':
      return { type: 'linear', factor: number(given, 'factor') };
    case 'dynamic':
      return { type: 'dynamic', factor: number(given, 'factor') };
    case 'yarn': {
      const originalPositions = original();
      const factor = number(given, 'factor', shape.maxPositions / originalPositions);
      return {
        type: 'yarn',
        factor,
        originalPositions,
        attentionFactor: number(given, 'attention_factor', yarnAttention(given, factor)),
        betaFast: number(given, 'beta_fast', 32),
        betaSlow: number(given, 'beta_slow', 1),
        truncate: given.truncate !== false,
      };
    }
    case 'longrope': {
      const originalPositions = original();
      const factor = number(given, 'factor', shape.maxPositions / originalPositions);
      const attention =
        factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(originalPositions));
      return {
        type: 'longrope',
        shortFactor: numbers(given, 'short_factor', shape.headSize / 2),
        longFactor: numbers(given, 'long_factor', shape.headSize / 2),
        originalPositions,
        attentionFactor: number(given, 'attention_factor', attention),
      };
    }
    case 'llama3': {
      const lowFrequencyFactor = number(given, 'low_freq_factor');
      const highFrequencyFactor = number(given, 'high_freq_factor');
      if (highFrequencyFactor <= lowFrequencyFactor) {
        throw invalid(
          `${within}high_freq_factor`,
          highFrequencyFactor,
          'a number above low_freq_factor',
        );
      }
      return {
        type: 'llama3',
        factor: number(given, 'factor'),
        lowFrequencyFactor,
        highFrequencyFactor,
        originalPositions: original(),
      };
    }
    default:
      throw new EngineError(
        'config-unsupported',
        `config.json: rope_parameters.rope_type is ${JSON.stringify(type)}, this engine supports default, linear, dynamic, yarn, longrope, llama3; use a model with one of these`,
      );
  }
}

/** YaRN's factor on cosine and sine, where config.json leaves it to a formula. */
function yarnAttention(given: Json, factor: number): number {
  const of = (scale: number) => (factor <= 1 ? 1 : 0.1 * scale * Math.log(factor) + 1);
  if (!given.mscale || !given.mscale_all_dim) return of(1);
  return of(number(given, 'mscale')) / of(number(given, 'mscale_all_dim'));
}

/** The `rope_parameters` of transformers 5. */
export function ropeToJson({
  ropeTheta,
  ropeScaling: scaling,
}: Pick<RopeShape, 'ropeTheta' | 'ropeScaling'>): Json {
  const common = { rope_type: scaling?.type ?? 'default', rope_theta: ropeTheta };
  switch (scaling?.type) {
    case undefined:
      return common;
    case 'linear':
    case 'dynamic':
      return { ...common, factor: scaling.factor };
    case 'yarn':
      return {
        ...common,
        factor: scaling.factor,
        original_max_position_embeddings: scaling.originalPositions,
        attention_factor: scaling.attentionFactor,
        beta_fast: scaling.betaFast,
        beta_slow: scaling.betaSlow,
        truncate: scaling.truncate,
      };
    case 'longrope':
      return {
        ...common,
        short_factor: scaling.shortFactor,
        long_factor: scaling.longFactor,
        original_max_position_embeddings: scaling.originalPositions,
        attention_factor: scaling.attentionFactor,
      };
    case 'llama3':
      return {
        ...common,
        factor: scaling.factor,
        low_freq_factor: scaling.lowFrequencyFactor,
        high_freq_factor: scaling.highFrequencyFactor,
        original_max_position_embeddings: scaling.originalPositions,
      };
  }
}

function object(json: Json, key: string): Json {
  const value = json[key] ?? {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new EngineError(
      'config-invalid',
      `config.json: ${key} must be an object, found ${JSON.stringify(value)}`,
    );
  }
  return value as Json;
}

const number = (given: Json, key: string, fallback?: number): number =>
  positive(given, key, { fallback, within });

function numbers(given: Json, key: string, length: number): number[] {
  const value = given[key];
  const right = (n: unknown): n is number => typeof n === 'number' && n > 0 && Number.isFinite(n);
  if (!Array.isArray(value) || value.length !== length || !value.every(right)) {
    throw invalid(
      `${within}${key}`,
      value,
      `a list of ${length} numbers above 0, one for each pair of a head`,
    );
  }
  return value;
}

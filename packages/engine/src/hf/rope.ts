// Rotary positions and the ways of stretching them to longer sequences, as transformers computes them: each gives the
// angle per position of every pair of a head's numbers, and a factor on cosine and sine.

import { EngineError } from '../error.js';

/** How the frequencies of a Llama's rotary positions are changed; `originalPositions` is the length it was trained on. */
export type RopeScaling =
  /** All frequencies divided by `factor` (Chen et al. 2023). */
  | { readonly type: 'linear'; readonly factor: number }
  /** A larger base for sequences beyond `maxPositions`, following their length (NTK-aware). */
  | { readonly type: 'dynamic'; readonly factor: number }
  /** Low frequencies divided, high ones kept, those between blended (Peng et al. 2023). */
  | {
      readonly type: 'yarn';
      readonly factor: number;
      readonly originalPositions: number;
      readonly attentionFactor: number;
      readonly betaFast: number;
      readonly betaSlow: number;
      /** Whether the blend's borders are whole dimensions. */
      readonly truncate: boolean;
    }
  /** A divisor for each frequency, other ones for sequences beyond `originalPositions` (Ding et al. 2024). */
  | {
      readonly type: 'longrope';
      readonly shortFactor: readonly number[];
      readonly longFactor: readonly number[];
      readonly originalPositions: number;
      readonly attentionFactor: number;
    }
  /** Llama 3.1's: waves longer than the trained length divided, short ones kept, those between blended. */
  | {
      readonly type: 'llama3';
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      readonly originalPositions: number;
    };

/** The part of a model's shape that its positions depend on. */
export interface RopeShape {
  readonly headSize: number;
  readonly maxPositions: number;
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
}

/** The most positions a sequence may have: `maxPositions`, and `factor` times as many where they are scaled as needed. */
export function positionLimit({ maxPositions, ropeScaling }: RopeShape): number {
  return ropeScaling?.type === 'dynamic'
    ? Math.floor(maxPositions * ropeScaling.factor)
    : maxPositions;
}

/** The longest sequence whose positions are those of every shorter one. */
export function fixedPositions({ maxPositions, ropeScaling }: RopeShape): number {
  if (ropeScaling?.type === 'dynamic') return maxPositions;
  if (ropeScaling?.type === 'longrope') {
    return Math.min(maxPositions, ropeScaling.originalPositions);
  }
  return Infinity;
}

/** The factor on cosine and sine. */
export function rotaryScale({ ropeScaling }: RopeShape): number {
  return ropeScaling && 'attentionFactor' in ropeScaling ? ropeScaling.attentionFactor : 1;
}

/** Radians per position for each of the D/2 pairs, in float32, in a sequence of `length` positions. */
export function frequencies(shape: RopeShape, length: number): Float32Array {
  const { headSize, ropeScaling: scaling } = shape;
  const powers = (base: number) =>
    Float32Array.from({ length: headSize / 2 }, (_, i) => base ** ((-2 * i) / headSize));
  const plain = powers(shape.ropeTheta);
  switch (scaling?.type) {
    case undefined:
      return plain;
    case 'linear':
      return plain.map((frequency) => frequency / scaling.factor);
    case 'dynamic': {
      const { factor } = scaling;
      const stretch = (factor * Math.max(length, shape.maxPositions)) / shape.maxPositions;
      return powers(shape.ropeTheta * (stretch - (factor - 1)) ** (headSize / (headSize - 2)));
    }
    case 'longrope': {
      const long = length > scaling.originalPositions;
      const divisors = long ? scaling.longFactor : scaling.shortFactor;
      return plain.map((frequency, i) => frequency / divisors[i]!);
    }
    case 'yarn': {
      const [low, high] = yarnBorders(shape, scaling);
      return plain.map((frequency, i) => {
        const divided = Math.min(1, Math.max(0, (i - low) / (high - low)));
        return (frequency / scaling.factor) * divided + frequency * (1 - divided);
      });
    }
    case 'llama3': {
      const { factor, lowFrequencyFactor: low, highFrequencyFactor: high } = scaling;
      return plain.map((frequency) => {
        // Waves that fit into the trained length.
        const waves = (scaling.originalPositions * frequency) / (2 * Math.PI);
        const kept = Math.min(1, Math.max(0, (waves - low) / (high - low)));
        return (frequency / factor) * (1 - kept) + frequency * kept;
      });
    }
  }
}

/** The pairs between which YaRN goes from keeping a frequency to dividing it. */
function yarnBorders(
  { headSize, ropeTheta }: RopeShape,
  scaling: RopeScaling & { type: 'yarn' },
): [number, number] {
  const pairOf = (turns: number) =>
    (headSize * Math.log(scaling.originalPositions / (turns * 2 * Math.PI))) /
    (2 * Math.log(ropeTheta));
  const [from, to] = [pairOf(scaling.betaFast), pairOf(scaling.betaSlow)];
  const low = Math.max(0, scaling.truncate ? Math.floor(from) : from);
  const high = Math.min(headSize - 1, scaling.truncate ? Math.ceil(to) : to);
  return [low, high === low ? high + 0.001 : high];
}

type Json = Record<string, unknown>;

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
  const ropeTheta = number(given, 'rope_theta');
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
        throw invalid('high_freq_factor', highFrequencyFactor, 'a number above low_freq_factor');
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
export function ropeToJson({ ropeTheta, ropeScaling: scaling }: RopeShape): Json {
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

function number(given: Json, key: string, fallback?: number): number {
  const value = given[key] ?? fallback;
  if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) {
    throw invalid(key, given[key], 'a number above 0');
  }
  return value;
}

function numbers(given: Json, key: string, length: number): number[] {
  const value = given[key];
  const right = (n: unknown): n is number => typeof n === 'number' && n > 0 && Number.isFinite(n);
  if (!Array.isArray(value) || value.length !== length || !value.every(right)) {
    throw invalid(key, value, `a list of ${length} numbers above 0, one for each pair of a head`);
  }
  return value;
}

function invalid(key: string, found: unknown, expected: string): EngineError {
  return new EngineError(
    'config-invalid',
    `config.json: rope_parameters.${key} must be ${expected}, found ${JSON.stringify(found)}`,
  );
}

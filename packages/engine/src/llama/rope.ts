/**
 * Rotary positions and the ways of stretching them to longer sequences, as transformers computes them: each gives the
 * angle per position of every pair of a head's numbers, and a factor on cosine and sine.
 */

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

/**
 * Cosine and sine of the angles at positions 0, 1, .. of sequences of the given lengths, [rows, D/2] each with one row
 * for each length (Su et al. 2021). Angles are rounded to float32, as in transformers.
 */
export function rotaryAngles(
  shape: RopeShape,
  rows: number,
  lengthAt: (position: number) => number,
): { cosine: Float32Array; sine: Float32Array } {
  const half = shape.headSize / 2;
  const scale = rotaryScale(shape);
  const cosine = new Float32Array(rows * half);
  const sine = new Float32Array(rows * half);
  let length = lengthAt(0);
  let steps = frequencies(shape, length);
  for (let position = 0; position < rows; position++) {
    if (lengthAt(position) !== length) {
      length = lengthAt(position);
      steps = frequencies(shape, length);
    }
    for (let i = 0; i < half; i++) {
      const angle = Math.fround(position * steps[i]!);
      cosine[position * half + i] = scale * Math.cos(angle);
      sine[position * half + i] = scale * Math.sin(angle);
    }
  }
  return { cosine, sine };
}

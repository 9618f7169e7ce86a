/** Rotary positions of a GGUF file as config.json spells them; the way there is `ropeMetadata` in save.ts. */
import { EngineError } from '../error.js';
import { type Json, ropeToJson } from '../hf/index.js';
import { frequencies, type RopeScaling } from '../llama/index.js';
import { type Facts, rounded } from './facts.js';
import { divisorsName } from './tensors.js';

/** `rope_theta`, `rope_parameters` and, where positions are scaled, `rope_scaling`. Throws `EngineError` "gguf-unsupported". */
export function ropeOf(facts: Facts, llama3?: RopeScaling): Json {
  const ropeTheta = rounded(facts.number('rope.freq_base', 10_000));
  const scaling = scalingOf(facts);
  if (scaling && llama3) {
    throw facts.unsupported(
      `rope.scaling.type is "${scaling.type}" and ${divisorsName} has divisors too, imported is one of the two`,
    );
  }
  const ropeScaling = scaling ?? llama3;
  const json = ropeToJson({ ropeTheta, ...(ropeScaling && { ropeScaling }) });
  return {
    rope_theta: ropeTheta,
    rope_parameters: json,
    ...(ropeScaling && { rope_scaling: json }),
  };
}

function scalingOf(facts: Facts): RopeScaling | undefined {
  const type = facts.get('rope.scaling.type') ?? 'none';
  const factor = () => rounded(facts.number('rope.scaling.factor'));
  switch (type) {
    case 'none':
      return undefined;
    case 'linear':
      return { type: 'linear', factor: factor() };
    case 'yarn': {
      const scale = factor();
      const usual = 0.1 * Math.log(Math.max(1, scale)) + 1;
      return {
        type: 'yarn',
        factor: scale,
        originalPositions: facts.size('rope.scaling.original_context_length'),
        attentionFactor: rounded(
          facts.number(
            'rope.scaling.yarn_attn_factor',
            facts.number('rope.scaling.attn_factor', 1) * usual,
          ),
        ),
        betaFast: rounded(facts.number('rope.scaling.yarn_beta_fast', 32)),
        betaSlow: rounded(facts.number('rope.scaling.yarn_beta_slow', 1)),
        truncate: true,
      };
    }
    default:
      throw facts.unsupported(
        `rope.scaling.type is ${JSON.stringify(type)}, imported are none, linear and yarn`,
      );
  }
}

/**
 * Llama 3's scaling from the divisors of its frequencies, which are all that a file has of it. Only two of its three
 * lengths show in them: the lower bound is taken as 1, which it is in every model known, and the divisors are worked out
 * again to be sure. Throws `EngineError` "gguf-unsupported" where they are of another kind.
 */
export function llama3Scaling(
  path: string,
  divisors: ArrayLike<number>,
  shape: { readonly headSize: number; readonly ropeTheta: number; readonly maxPositions: number },
): RopeScaling | undefined {
  const all = Array.from(divisors);
  // Not by spreading: a file may have more of them than a call takes.
  const factor = rounded(all.reduce((most, divisor) => Math.max(most, divisor), 0));
  if (all.every((divisor) => divisor === 1)) return undefined;
  const plain = frequencies(shape, shape.maxPositions);
  // Where 1 < divisor < factor: 1 / divisor = (1 - s) / factor + s, with s = (original / wavelength - low) / (high - low).
  const between = all.flatMap((divisor, i) =>
    divisor > 1 && divisor < factor
      ? [{ s: (1 / divisor - 1 / factor) / (1 - 1 / factor), turns: plain[i]! / (2 * Math.PI) }]
      : [],
  );
  const [first, last] = [between[0], between.at(-1)];
  if (first && last && first !== last) {
    const slope = (first.s - last.s) / (first.turns - last.turns);
    const highFrequencyFactor = near(1 + 1 / (slope * last.turns - last.s));
    const originalPositions = Math.round(near(slope * (highFrequencyFactor - 1)));
    const scaling = {
      type: 'llama3',
      factor,
      lowFrequencyFactor: 1,
      highFrequencyFactor,
      originalPositions,
    } as const;
    const again = frequencies({ ...shape, ropeScaling: scaling }, shape.maxPositions);
    if (all.every((divisor, i) => Math.abs(plain[i]! / again[i]! / divisor - 1) < 1e-4))
      return scaling;
  }
  throw new EngineError(
    'gguf-unsupported',
    `${path}: ${divisorsName} has divisors that are not those of Llama 3's scaling; import a file that llama.cpp's converter wrote`,
  );
}

/** The whole number that a computed one is within a thousandth of, or itself. */
const near = (value: number): number =>
  Math.abs(value - Math.round(value)) < 1e-3 * value ? Math.round(value) : value;

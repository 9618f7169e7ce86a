/** AdamW (Loshchilov & Hutter 2019) on a slice of a flat parameter vector. */

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay, on matrices only. */
  readonly weightDecay: number;
  /** The gradient's Euclidean norm is cut to this. */
  readonly clip: number;
}

export const adamWDefaults: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.98,
  epsilon: 1e-8,
  weightDecay: 0.01,
  clip: 1,
};

/** The two moment estimates, as long as the parameter vector. */
export interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * Updates parameters[start..end) in place.
 * @param step 1 for the first update (bias correction)
 * @param gradientScale factor on the gradient: 1 / total weight of the loss, times the clipping factor
 */
export function adamWUpdate(
  parameters: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  start: number,
  end: number,
  update: { step: number; rate: number; decay: number; gradientScale: number },
  options: AdamWOptions,
): void {
  const { beta1, beta2, epsilon } = options;
  const { first, second } = moments;
  const { gradientScale, rate } = update;
  const keep = 1 - rate * update.decay;
  const firstScale = rate / (1 - beta1 ** update.step);
  const secondScale = 1 / (1 - beta2 ** update.step);
  for (let i = start; i < end; i++) {
    const g = gradient[i]! * gradientScale;
    const m = beta1 * first[i]! + (1 - beta1) * g;
    const v = beta2 * second[i]! + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] =
      parameters[i]! * keep - (firstScale * m) / (Math.sqrt(v * secondScale) + epsilon);
  }
}

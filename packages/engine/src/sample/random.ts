import { finite } from './logprobs.js';

/** A uniform number in [0, 1) that depends on nothing but `seed` and `counter`, so that samples can be drawn in any order. */
export function uniform(seed: number, counter: number): number {
  // Two rounds of the 32-bit finaliser of MurmurHash3 (Appleby) over seed and counter.
  let h = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(counter + 1, 0xc2b2ae35);
  for (let round = 0; round < 2; round++) {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return (h >>> 0) / 4294967296;
}

/**
 * Draws indices of logits[start..start+size) at a temperature, one for each random number; temperature 0 takes the
 * largest, the first if several. Good until the next choice is made.
 *
 * @throws EngineError `not-finite`
 */
export function choice(
  logits: Float32Array,
  start: number,
  size: number,
  temperature: number,
): (random: number) => number {
  let best = 0;
  let sum = 0;
  for (let i = 0; i < size; i++) {
    sum += logits[start + i]!;
    if (logits[start + i]! > logits[start + best]!) best = i;
  }
  finite(sum);
  if (temperature === 0) return () => best;
  const top = logits[start + best]!;
  if (exponentials.length < size) exponentials = new Float64Array(size);
  const values = exponentials;
  let total = 0;
  for (let i = 0; i < size; i++) {
    const value = Math.exp((logits[start + i]! - top) / temperature);
    values[i] = value;
    total += value;
  }
  return (random) => {
    let rest = random * total;
    for (let i = 0; i < size; i++) {
      rest -= values[i]!;
      if (rest < 0) return i;
    }
    return best;
  };
}

/** Kept between choices. */
let exponentials = new Float64Array(0);

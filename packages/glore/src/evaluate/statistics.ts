/**
 * How sure a figure is: an interval for a rate, and two paired tests for "is A better than B on the same problems?".
 * McNemar's test is for right/wrong outcomes; the paired bootstrap is for any number per problem (tokens, F1, rates).
 */
import { GloreError } from '../error.js';

export interface Interval {
  low: number;
  high: number;
}

export interface McNemar {
  /** Problems that only A got right. */
  aOnly: number;
  /** Problems that only B got right. */
  bOnly: number;
  /** Two-sided p-value of "each disagreement is a fair coin". */
  p: number;
}

export interface BootstrapDifference extends Interval {
  /** mean(a) - mean(b); `low` and `high` bound it with 95% confidence. */
  difference: number;
  /** Two-sided p-value of "the difference is zero"; at least 2 / (rounds + 1). */
  p: number;
}

/**
 * Wilson's score interval for the rate `successes / n`; `z` = 1.96 gives 95%. With `n` = 0 nothing is known: [0, 1].
 *
 * Unlike the textbook interval it stays inside [0, 1] and has a width at rates of 0 and 1 (Wilson, 1927).
 */
export function wilson(successes: number, n: number, z = 1.96): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const rate = successes / n;
  const scale = 1 + (z * z) / n;
  const centre = (rate + (z * z) / (2 * n)) / scale;
  const half = (z / scale) * Math.sqrt((rate * (1 - rate)) / n + (z * z) / (4 * n * n));
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/**
 * McNemar's exact test on the problems where A and B disagree: `p = min(1, 2 P[Binomial(n, 1/2) <= min(aOnly, bOnly)])`.
 *
 * @throws GloreError `length-mismatch` unless both lists have one outcome per problem.
 */
export function mcnemar(aRight: readonly boolean[], bRight: readonly boolean[]): McNemar {
  checkSameLength('mcnemar', aRight, bRight);
  let aOnly = 0;
  let bOnly = 0;
  for (const [i, right] of aRight.entries()) {
    if (right && !bRight[i]) aOnly++;
    if (bRight[i] && !right) bOnly++;
  }
  const tail = fairCoinTail(Math.min(aOnly, bOnly), aOnly + bOnly);
  return { aOnly, bOnly, p: Math.min(1, 2 * tail) };
}

/**
 * The difference of two means over the same problems, with a 95% percentile interval and a p-value, by resampling
 * problems with replacement `rounds` (>= 1) times; the same seed gives the same figures.
 *
 * @throws GloreError `length-mismatch` unless both lists have one number per problem; `nothing-to-measure` if they are empty.
 */
export function pairedBootstrap(
  a: readonly number[],
  b: readonly number[],
  { seed, rounds }: { seed: number; rounds: number },
): BootstrapDifference {
  checkSameLength('pairedBootstrap', a, b);
  checkNotEmpty('pairedBootstrap', a);
  const differences = a.map((value, i) => value - b[i]!);
  const n = differences.length;
  const random = splitmix32(seed);

  const means = new Float64Array(rounds);
  let notAbove = 0;
  let notBelow = 0;
  for (let round = 0; round < rounds; round++) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += differences[Math.floor(random() * n)]!;
    means[round] = sum / n;
    if (sum <= 0) notAbove++;
    if (sum >= 0) notBelow++;
  }
  means.sort();

  return {
    difference: differences.reduce((sum, value) => sum + value, 0) / n,
    low: quantile(means, 0.025),
    high: quantile(means, 0.975),
    // One is added to both counts: the observed sample is itself a possible draw, so p is never zero.
    p: Math.min(1, (2 * (1 + Math.min(notAbove, notBelow))) / (rounds + 1)),
  };
}

/**
 * The 95% percentile interval of a figure made of several rates, by resampling each group of outcomes with replacement
 * `rounds` (>= 1) times; the same seed gives the same interval.
 *
 * @throws GloreError `nothing-to-measure` if a group is empty.
 */
export function stratifiedBootstrap(
  groups: readonly (readonly boolean[])[],
  figure: (rates: readonly number[]) => number,
  { seed, rounds }: { seed: number; rounds: number },
): Interval {
  for (const group of groups) checkNotEmpty('stratifiedBootstrap', group);
  const random = splitmix32(seed);
  const rateOf = (group: readonly boolean[]) => {
    let hits = 0;
    for (let i = 0; i < group.length; i++) {
      if (group[Math.floor(random() * group.length)]) hits++;
    }
    return hits / group.length;
  };
  const figures = Float64Array.from({ length: rounds }, () => figure(groups.map(rateOf))).sort();
  return { low: quantile(figures, 0.025), high: quantile(figures, 0.975) };
}

/**
 * The 95% percentile interval of `sum(a) / sum(b)` over the same problems, by resampling problems with replacement `rounds`
 * (>= 1) times; the same seed gives the same interval. Resamples where `sum(b)` is not above 0 have no ratio and do not count.
 *
 * @throws GloreError `length-mismatch`; `nothing-to-measure` if the lists are empty or no resample has a ratio.
 */
export function ratioBootstrap(
  a: readonly number[],
  b: readonly number[],
  { seed, rounds }: { seed: number; rounds: number },
): Interval {
  checkSameLength('ratioBootstrap', a, b);
  const random = splitmix32(seed);
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    let [above, below] = [0, 0];
    for (let i = 0; i < a.length; i++) {
      const k = Math.floor(random() * a.length);
      above += a[k]!;
      below += b[k]!;
    }
    if (below > 0) ratios.push(above / below);
  }
  checkNotEmpty('ratioBootstrap', ratios);
  const sorted = Float64Array.from(ratios).sort();
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** The sum; 0 of nothing. */
export const sum = (values: readonly number[]): number =>
  values.reduce((total, value) => total + value, 0);

/** The mean; 0 of nothing. */
export const mean = (values: readonly number[]): number => sum(values) / Math.max(1, values.length);

/** The share of flags that are set; 0 of none. */
export const share = (flags: readonly boolean[]): number => mean(flags.map(Number));

/** Throws GloreError `length-mismatch` unless the two lists describe the same items. */
export function checkSameLength(where: string, a: readonly unknown[], b: readonly unknown[]): void {
  if (a.length === b.length) return;
  throw new GloreError(
    'length-mismatch',
    `${where}: both lists must describe the same items in the same order, got ${a.length} and ${b.length}; pair them first`,
  );
}

/** Throws GloreError `nothing-to-measure` for an empty list, whose rates would be 0/0. */
export function checkNotEmpty(where: string, items: readonly unknown[]): void {
  if (items.length > 0) return;
  throw new GloreError(
    'nothing-to-measure',
    `${where}: expected at least one item, got none; check that the stage before wrote its records`,
  );
}

/** Throws GloreError `not-a-number` at the first NaN, which would sort and compare as anything. */
export function checkNumbers(where: string, numbers: readonly number[]): void {
  const index = numbers.findIndex(Number.isNaN);
  if (index === -1) return;
  throw new GloreError(
    'not-a-number',
    `${where}: expected numbers, got NaN at index ${index}; check the weights and outputs of the reward model`,
  );
}

/** P[Binomial(n, 1/2) <= k], summed in logarithms because 2^-n underflows from n = 1075 on. */
function fairCoinTail(k: number, n: number): number {
  let logTerm = -n * Math.LN2;
  let tail = Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i);
    tail += Math.exp(logTerm);
  }
  return tail;
}

/** The `q`-quantile of ascending numbers, interpolated between neighbours. */
export function quantile(sorted: Float64Array, q: number): number {
  const position = q * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
  return below + (position - Math.floor(position)) * (above - below);
}

/** Uniform numbers in [0, 1) from a 32-bit seed (splitmix32, as published by bryc, public domain). */
export function splitmix32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = state ^ (state >>> 16);
    mixed = Math.imul(mixed, 0x21f0aaad);
    mixed ^= mixed >>> 15;
    mixed = Math.imul(mixed, 0x735a2d97);
    mixed ^= mixed >>> 15;
    return (mixed >>> 0) / 0x1_0000_0000;
  };
}

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mcnemar,
  pairedBootstrap,
  ratioBootstrap,
  stratifiedBootstrap,
  wilson,
} from './statistics.js';

/** Outcomes with the given numbers of problems that both, only A, only B, and neither got right. */
function outcomes(both: number, aOnly: number, bOnly: number, neither: number) {
  const repeat = (a: boolean, b: boolean, n: number) => Array.from({ length: n }, () => ({ a, b }));
  const problems = [
    ...repeat(true, true, both),
    ...repeat(true, false, aOnly),
    ...repeat(false, true, bOnly),
    ...repeat(false, false, neither),
  ];
  return { a: problems.map(({ a }) => a), b: problems.map(({ b }) => b) };
}

describe('wilson', () => {
  // Expected values from scipy 1.17, binomtest(k, n).proportion_ci(method='wilson').
  it.each([
    [8, 10, 0.49016, 0.94332],
    [0, 10, 0, 0.27753],
    [10, 10, 0.72247, 1],
    [699, 1319, 0.50296, 0.55676],
  ])('%i of %i', (successes, n, low, high) => {
    const found = wilson(successes, n);
    expect(found.low).toBeCloseTo(low, 4);
    expect(found.high).toBeCloseTo(high, 4);
  });

  it('knows nothing without observations', () => {
    expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
  });

  it('has bounds that a score test just does not reject: |rate - bound| = z sqrt(bound (1 - bound) / n)', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1 }), (n, share) => {
        const successes = Math.round(share * n || 0);
        const rate = successes / n;
        const { low, high } = wilson(successes, n);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(high).toBeLessThanOrEqual(1);
        for (const bound of [low, high]) {
          // Squared, because the square root magnifies rounding near 0 and 1.
          expect((rate - bound) ** 2).toBeCloseTo((1.96 ** 2 * bound * (1 - bound)) / n, 10);
        }
      }),
    );
  });
});

describe('mcnemar', () => {
  it('gives 2 * (1 + 6) / 2^6 for one disagreement against five', () => {
    const { a, b } = outcomes(10, 1, 5, 4);
    const found = mcnemar(a, b);
    expect(found).toMatchObject({ aOnly: 1, bOnly: 5 });
    expect(found.p).toBeCloseTo(14 / 64, 12);
  });

  it('gives 1 when the two never disagree or disagree evenly', () => {
    const same = outcomes(3, 0, 0, 2);
    expect(mcnemar(same.a, same.b).p).toBe(1);
    const even = outcomes(3, 4, 4, 2);
    expect(mcnemar(even.a, even.b).p).toBe(1);
  });

  // Expected values from scipy 1.17, binomtest(k, n).pvalue; 2^-2000 is below the smallest double.
  it.each([
    [5, 15, 0.04138946533203125],
    [900, 1100, 8.45708953550381e-6],
    [49500, 50500, 0.0015823598788515154],
  ])('agrees with scipy for %i against %i', (aOnly, bOnly, p) => {
    const { a, b } = outcomes(0, aOnly, bOnly, 0);
    expect(Math.abs(mcnemar(a, b).p / p - 1)).toBeLessThan(1e-6);
  });

  it('equals the share of equally likely coin sequences that are at least as uneven', () => {
    fc.assert(
      fc.property(fc.nat({ max: 7 }), fc.nat({ max: 7 }), (aOnly, bOnly) => {
        const n = aOnly + bOnly;
        let extreme = 0;
        for (let sequence = 0; sequence < 2 ** n; sequence++) {
          const heads = [...sequence.toString(2)].filter((bit) => bit === '1').length;
          if (Math.abs(2 * heads - n) >= Math.abs(aOnly - bOnly)) extreme++;
        }
        const { a, b } = outcomes(1, aOnly, bOnly, 1);
        expect(mcnemar(a, b).p).toBeCloseTo(extreme / 2 ** n, 12);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses lists of different lengths', () => {
    expect(() => mcnemar([true], [true, false])).toThrow(
      expect.objectContaining({ code: 'length-mismatch' }),
    );
  });
});

describe('pairedBootstrap', () => {
  const options = { seed: 7, rounds: 2000 };

  it('has an interval of no width for a constant difference', () => {
    const found = pairedBootstrap([3, 4, 5], [1, 2, 3], options);
    expect(found).toEqual({ difference: 2, low: 2, high: 2, p: 2 / 2001 });
  });

  it('finds nothing between equal lists', () => {
    expect(pairedBootstrap([1, 0, 1], [1, 0, 1], options)).toEqual({
      difference: 0,
      low: 0,
      high: 0,
      p: 1,
    });
  });

  it('has the width of the normal approximation on many problems', () => {
    // 250 of 1000 differences are +1, 150 are -1: mean 0.1, variance 0.4 - 0.01.
    const a = Array.from({ length: 1000 }, (_, i) => (i < 250 ? 1 : 0));
    const b = Array.from({ length: 1000 }, (_, i) => (i >= 850 ? 1 : 0));
    const found = pairedBootstrap(a, b, { seed: 1, rounds: 10_000 });
    const half = 1.96 * Math.sqrt(0.39 / 1000);
    expect(found.difference).toBeCloseTo(0.1, 12);
    expect(Math.abs(found.low - (0.1 - half))).toBeLessThan(0.004);
    expect(Math.abs(found.high - (0.1 + half))).toBeLessThan(0.004);
    expect(found.p).toBeLessThan(0.001);
  });

  it('matches the exact resampling distribution of two problems', () => {
    // Differences 1 and 0: the mean is 0, 1/2, 1/2 or 1, so 1/4 of the draws are <= 0 and p = 1/2.
    const found = pairedBootstrap([1, 0], [0, 0], { seed: 3, rounds: 20_000 });
    expect(found.p).toBeCloseTo(0.5, 1);
    expect(found).toMatchObject({ difference: 0.5, low: 0, high: 1 });
  });

  it('repeats with the seed, changes with it, and is antisymmetric', () => {
    const value = fc.integer({ min: -50, max: 50 });
    const pair = fc.tuple(value, value);
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 30 }), fc.integer(), (pairs, seed) => {
        const a = pairs.map(([x]) => x);
        const b = pairs.map(([, y]) => y);
        const once = pairedBootstrap(a, b, { seed, rounds: 200 });
        expect(pairedBootstrap(a, b, { seed, rounds: 200 })).toEqual(once);
        const swapped = pairedBootstrap(b, a, { seed, rounds: 200 });
        expect(swapped.difference).toBeCloseTo(-once.difference, 10);
        expect(swapped.low).toBeCloseTo(-once.high, 10);
        expect(swapped.high).toBeCloseTo(-once.low, 10);
        expect(swapped.p).toBe(once.p);
      }),
      { numRuns: 50 },
    );
    const a = Array.from({ length: 40 }, (_, i) => (i * 37) % 41);
    const zeros = a.map(() => 0);
    const first = pairedBootstrap(a, zeros, { seed: 1, rounds: 200 });
    expect(pairedBootstrap(a, zeros, { seed: 2, rounds: 200 }).low).not.toBe(first.low);
  });

  it('covers the true mean in about 95% of experiments', () => {
    let covered = 0;
    const experiments = 400;
    for (let experiment = 0; experiment < experiments; experiment++) {
      // A small linear congruential generator, independent of the one under test.
      let state = 12_345 + experiment * 7919;
      const uniform = () => {
        state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
        return state / 2 ** 31;
      };
      for (let warm = 0; warm < 10; warm++) uniform();
      const a = Array.from({ length: 60 }, uniform);
      const { low, high } = pairedBootstrap(
        a,
        a.map(() => 0.5),
        { seed: experiment, rounds: 300 },
      );
      if (low <= 0 && 0 <= high) covered++;
    }
    expect(covered / experiments).toBeGreaterThan(0.91);
    expect(covered / experiments).toBeLessThan(0.98);
  });

  it('refuses unpaired and empty lists', () => {
    expect(() => pairedBootstrap([1], [], options)).toThrow(
      expect.objectContaining({ code: 'length-mismatch' }),
    );
    expect(() => pairedBootstrap([], [], options)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

describe('stratifiedBootstrap', () => {
  const group = (hits: number, n: number) => Array.from({ length: n }, (_, i) => i < hits);

  it('has the width of the normal approximation for one rate, and for a difference of two', () => {
    const settings = { seed: 3, rounds: 4000 };
    const one = stratifiedBootstrap([group(300, 1000)], ([rate]) => rate!, settings);
    const half = 1.96 * Math.sqrt((0.3 * 0.7) / 1000);
    expect(one.low).toBeCloseTo(0.3 - half, 2);
    expect(one.high).toBeCloseTo(0.3 + half, 2);
    const groups = [group(300, 1000), group(250, 500)];
    const two = stratifiedBootstrap(groups, ([a, b]) => a! - b!, settings);
    const wide = 1.96 * Math.sqrt((0.3 * 0.7) / 1000 + (0.5 * 0.5) / 500);
    expect((two.high - two.low) / 2).toBeCloseTo(wide, 2);
  });

  it('has no width where every outcome is the same, and repeats with the seed', () => {
    const settings = { seed: 1, rounds: 50 };
    const sure = stratifiedBootstrap([group(5, 5), group(0, 3)], ([a, b]) => a! + b!, settings);
    expect(sure).toEqual({ low: 1, high: 1 });
    const again = () => stratifiedBootstrap([group(3, 9)], ([a]) => a!, settings);
    expect(again()).toEqual(again());
  });

  it('refuses an empty group', () => {
    expect(() => stratifiedBootstrap([[true], []], () => 0, { seed: 1, rounds: 1 })).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

describe('ratioBootstrap', () => {
  const options = { seed: 7, rounds: 2000 };

  it('is as wide as the theory of ratios has it', () => {
    // Half of the 400 problems have headroom, of which 3 in 4 is realised: a rate of 3/4 over 200 problems.
    const could = Array.from({ length: 400 }, (_, i) => i % 2);
    const gained = could.map((value, i) => (i % 8 === 1 ? 0 : value));
    const { low, high } = ratioBootstrap(gained, could, options);
    const half = 1.96 * Math.sqrt((0.75 * 0.25) / 200);
    expect(low).toBeCloseTo(0.75 - half, 1.5);
    expect(high).toBeCloseTo(0.75 + half, 1.5);
    expect(ratioBootstrap(gained, could, options)).toEqual({ low, high });
  });

  it('is exact where the two go together, whatever is drawn', () => {
    const could = Array.from({ length: 30 }, (_, i) => i % 3);
    const { low, high } = ratioBootstrap(
      could.map((value) => value / 2),
      could,
      options,
    );
    expect([low, high]).toEqual([0.5, 0.5]);
  });

  it('refuses what has no ratio', () => {
    expect(() => ratioBootstrap([1], [0], options)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
    expect(() => ratioBootstrap([1], [], options)).toThrow(
      expect.objectContaining({ code: 'length-mismatch' }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auc,
  calibration,
  firstErrorMetric,
  fitThreshold,
  type ScoredSample,
  stepAccuracy,
  withinProblemAuc,
} from './critic.js';

/** Few distinct scores, so that ties are common. */
const sample = fc.record({
  score: fc.integer({ min: 0, max: 6 }).map((n) => n / 6),
  right: fc.boolean(),
});

/** Every (right, wrong) pair's outcome, 1, 1/2 or 0: the definition, in O(n^2). */
function pairOutcomes(samples: ScoredSample[]): number[] {
  const rights = samples.filter(({ right }) => right);
  const wrongs = samples.filter(({ right }) => !right);
  return rights.flatMap((right) =>
    wrongs.map((wrong) => (Math.sign(right.score - wrong.score) + 1) / 2),
  );
}

function mean(numbers: number[]): number {
  return numbers.reduce((a, b) => a + b, 0) / numbers.length;
}

describe('auc', () => {
  it('is the share of pairs ranked rightly, ties half', () => {
    // Pairs of (0.9, 0.5) with (0.5, 0.1): right, right, tie, right.
    expect(auc([0.9, 0.5, 0.5, 0.1], [true, true, false, false])).toBe(3.5 / 4);
    expect(auc([0.1, 0.9], [true, false])).toBe(0);
    expect(auc([0.4, 0.4, 0.4], [true, false, true])).toBe(0.5);
  });

  it('is undefined without both classes', () => {
    expect(auc([], [])).toBeUndefined();
    expect(auc([0.2, 0.8], [true, true])).toBeUndefined();
  });

  it('equals the count over all pairs', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), (samples) => {
        const pairs = pairOutcomes(samples);
        const found = auc(
          samples.map(({ score }) => score),
          samples.map(({ right }) => right),
        );
        if (pairs.length === 0) expect(found).toBeUndefined();
        else expect(found).toBeCloseTo(mean(pairs), 12);
      }),
    );
  });

  it('does not change the callers arrays', () => {
    const scores = [3, 1, 2];
    auc(scores, [true, false, true]);
    expect(scores).toEqual([3, 1, 2]);
  });

  it('refuses NaN and unpaired lists', () => {
    expect(() => auc([0.5, Number.NaN], [true, false])).toThrow(
      expect.objectContaining({ code: 'not-a-number' }),
    );
    expect(() => auc([0.5], [])).toThrow(expect.objectContaining({ code: 'length-mismatch' }));
  });
});

describe('withinProblemAuc', () => {
  const right = (score: number) => ({ score, right: true });
  const wrong = (score: number) => ({ score, right: false });

  it('sees that a model which only ranks problems by difficulty cannot rank samples', () => {
    const easy = [right(0.9), right(0.9), wrong(0.95)];
    const hard = [wrong(0.1), wrong(0.1), right(0.05)];
    const groups = [easy, hard];
    const all = groups.flat();
    expect(
      auc(
        all.map(({ score }) => score),
        all.map((sample) => sample.right),
      ),
    ).toBe(4 / 9);
    expect(withinProblemAuc(groups)).toEqual({ micro: 0, macro: 0, pairs: 4, problems: 2 });
  });

  it('weighs pairs in micro and problems in macro, and leaves out uniform problems', () => {
    const groups = [
      [right(0.9), wrong(0.1)],
      [right(0.2), right(0.6), wrong(0.4), wrong(0.4)],
      [right(0.9), right(0.3)],
      [wrong(0.9)],
      [],
    ];
    expect(withinProblemAuc(groups)).toEqual({ micro: 3 / 5, macro: 0.75, pairs: 5, problems: 2 });
  });

  it('is undefined without a mixed problem', () => {
    expect(withinProblemAuc([[right(1)], [wrong(0)]])).toEqual({
      micro: undefined,
      macro: undefined,
      pairs: 0,
      problems: 0,
    });
  });

  it('equals the count over all pairs of each problem', () => {
    fc.assert(
      fc.property(fc.array(fc.array(sample, { maxLength: 8 }), { maxLength: 12 }), (groups) => {
        const pairs = groups.map(pairOutcomes).filter((outcomes) => outcomes.length > 0);
        const found = withinProblemAuc(groups);
        expect(found.pairs).toBe(pairs.flat().length);
        expect(found.problems).toBe(pairs.length);
        if (pairs.length === 0) return;
        expect(found.micro).toBeCloseTo(mean(pairs.flat()), 12);
        expect(found.macro).toBeCloseTo(mean(pairs.map(mean)), 12);
      }),
    );
  });
});

describe('stepAccuracy', () => {
  it('counts steps, not solutions; a value at the threshold passes', () => {
    const values = [[0.9, 0.5, 0.2], [0.4]];
    const truth = [[true, true, true], [false]];
    expect(stepAccuracy(values, truth, 0.5)).toBe(3 / 4);
    expect(stepAccuracy(values, truth, 0.51)).toBe(2 / 4);
  });

  it('turns into its complement when the truth is negated', () => {
    const step = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean());
    const solutions = fc.array(fc.array(step, { minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(solutions, fc.double({ min: 0, max: 1, noNaN: true }), (solutions, threshold) => {
        const values = solutions.map((steps) => steps.map(([value]) => value));
        const truth = solutions.map((steps) => steps.map(([, label]) => label));
        const negated = truth.map((labels) => labels.map((label) => !label));
        const sum =
          stepAccuracy(values, truth, threshold) + stepAccuracy(values, negated, threshold);
        expect(sum).toBeCloseTo(1, 12);
      }),
    );
  });

  it('refuses lost steps and empty input', () => {
    expect(() => stepAccuracy([[0.1, 0.2]], [[true]], 0.5)).toThrow('solution 0');
    expect(() => stepAccuracy([[]], [[]], 0.5)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

describe('firstErrorMetric', () => {
  it('is the harmonic mean of the two accuracies', () => {
    // Wrong: located 1 of 4 (one near miss, two accepted). Right: accepted 1 of 2.
    const found = firstErrorMetric([2, 3, -1, -1, -1, 1], [2, 4, 1, 3, -1, -1]);
    expect(found).toEqual({
      wrong: 0.25,
      right: 0.5,
      f1: (2 * 0.25 * 0.5) / 0.75,
      wrongSolutions: 4,
      rightSolutions: 2,
    });
  });

  it('is 0 for a critic that always accepts, or is always wrong', () => {
    expect(firstErrorMetric([-1, -1], [2, -1]).f1).toBe(0);
    expect(firstErrorMetric([1, 1], [2, -1]).f1).toBe(0);
  });

  it('is undefined without both kinds of solutions', () => {
    expect(firstErrorMetric([-1], [-1])).toEqual({
      wrong: undefined,
      right: 1,
      f1: undefined,
      wrongSolutions: 0,
      rightSolutions: 1,
    });
  });

  it('lies between the smaller accuracy and the mean of the two', () => {
    const location = fc.constantFrom(-1, 1, 2, 3);
    fc.assert(
      fc.property(fc.array(fc.tuple(location, location)), (pairs) => {
        const { wrong, right, f1 } = firstErrorMetric(
          pairs.map(([predicted]) => predicted),
          pairs.map(([, truth]) => truth),
        );
        if (wrong === undefined || right === undefined) {
          expect(f1).toBeUndefined();
          return;
        }
        expect(f1).toBeGreaterThanOrEqual(Math.min(wrong, right) - 1e-12);
        expect(f1).toBeLessThanOrEqual((wrong + right) / 2 + 1e-12);
      }),
    );
  });
});

describe('fitThreshold', () => {
  it('cuts in the middle of the gap between the classes', () => {
    const values = [0.1, 0.2, 0.6, 0.8];
    const truth = [false, false, true, true];
    const accuracy = (threshold: number) => stepAccuracy([values], [truth], threshold);
    const found = fitThreshold(values, accuracy);
    expect(found.threshold).toBeCloseTo(0.4, 12);
    expect(found.value).toBe(1);
  });

  it('takes the middle of the longest run of best thresholds', () => {
    // Candidates 0, 0.5, 1.5, ..., 8.5, 9.09: the best runs are {1.5} and {3.5, ..., 7.5}.
    const values = Array.from({ length: 10 }, (_, i) => i);
    const objective = (t: number) => (t === 1.5 || (t > 3 && t < 8) ? 2 : 1);
    expect(fitThreshold(values, objective)).toEqual({ threshold: 5.5, value: 2 });
    // Of two runs of two, the first; of the two in it, the lower.
    const twoRuns = (t: number) => ([1.5, 2.5, 6.5, 7.5].includes(t) ? 2 : 1);
    expect(fitThreshold(values, twoRuns)).toEqual({ threshold: 1.5, value: 2 });
  });

  it('can let all pass or none, also when all values are equal', () => {
    const passing = (values: number[]) => (t: number) => values.filter((v) => v >= t).length;
    const values = [0.3, 0.3, 0.3];
    expect(fitThreshold(values, passing(values)).value).toBe(3);
    expect(fitThreshold(values, (t) => -passing(values)(t)).value).toBe(-0);
  });

  it('reaches the best of all thresholds on a split of up to 101 values', () => {
    const step = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean());
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 101 }), (steps) => {
        const values = steps.map(([value]) => value);
        const accuracy = (threshold: number) =>
          stepAccuracy([values], [steps.map(([, label]) => label)], threshold);
        const best = Math.max(...[...values, 2].map(accuracy));
        const found = fitThreshold(values, accuracy);
        expect(found.value).toBe(best);
        expect(accuracy(found.threshold)).toBe(best);
      }),
    );
  });

  it('looks at about a hundred thresholds on a large split, and finds a separation there', () => {
    const values = Array.from({ length: 5000 }, (_, i) => (i % 2 ? 0.8 : 0.1) + i / 50_000);
    let looks = 0;
    const found = fitThreshold(values, (threshold) => {
      looks++;
      return values.filter((value, i) => value >= threshold === (i % 2 === 1)).length;
    });
    expect(looks).toBeLessThanOrEqual(102);
    expect(found.value).toBe(5000);
  });

  it('refuses to fit on nothing or on NaN', () => {
    expect(() => fitThreshold([], () => 1)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
    expect(() => fitThreshold([0.5], () => Number.NaN)).toThrow(
      expect.objectContaining({ code: 'not-a-number' }),
    );
  });
});

describe('calibration', () => {
  it('compares the mean score with the rate in each bin', () => {
    const found = calibration([0.1, 0.3, 0.9, 1], [false, true, true, true], 2);
    expect(found.bins).toHaveLength(2);
    expect(found.bins[0]).toEqual({ low: 0, high: 0.5, n: 2, mean: 0.2, rate: 0.5 });
    expect(found.bins[1]).toMatchObject({ low: 0.5, high: 1, n: 2, mean: 0.95, rate: 1 });
    expect(found.ece).toBeCloseTo(0.5 * 0.3 + 0.5 * 0.05, 12);
  });

  it('is 0 for a perfectly calibrated model and 1 for a surely wrong one', () => {
    expect(calibration([0.25, 0.25, 0.25, 0.25], [true, false, false, false]).ece).toBe(0);
    expect(calibration([0, 1], [true, false]).ece).toBe(1);
  });

  it('puts each sample in one bin that holds it, and ECE is at least the overall gap', () => {
    const scored = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean());
    fc.assert(
      fc.property(
        fc.array(scored, { minLength: 1 }),
        fc.integer({ min: 1, max: 20 }),
        (samples, n) => {
          const scores = samples.map(([score]) => score);
          const labels = samples.map(([, label]) => label);
          const { ece, bins } = calibration(scores, labels, n);
          expect(bins.reduce((total, bin) => total + bin.n, 0)).toBe(samples.length);
          for (const bin of bins) {
            expect(bin.mean).toBeGreaterThanOrEqual(bin.low - 1e-12);
            expect(bin.mean).toBeLessThanOrEqual(bin.high + 1e-12);
          }
          const gap = Math.abs(mean(scores) - mean(labels.map(Number)));
          expect(ece).toBeGreaterThanOrEqual(gap - 1e-12);
          expect(ece).toBeLessThanOrEqual(1);
          if (n === 1) expect(ece).toBeCloseTo(gap, 12);
        },
      ),
    );
  });

  it('refuses logits and NaN', () => {
    for (const score of [1.5, -0.1, Number.NaN]) {
      expect(() => calibration([score], [true])).toThrow(
        expect.objectContaining({ code: 'not-a-probability' }),
      );
    }
  });
});

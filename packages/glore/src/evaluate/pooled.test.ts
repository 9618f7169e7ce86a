import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resampled } from './pooled.js';
import { pairedBootstrap } from './statistics.js';

const options = { seed: 1, rounds: 400 };
const flags = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1, maxLength: 40 });

describe('resampled', () => {
  it('is the paired bootstrap where the figure is a difference of means', () => {
    fc.assert(
      fc.property(flags, (pairs) => {
        const [a, b] = [0, 1].map((side) => pairs.map((pair) => Number(pair[side])));
        const found = resampled(
          [[a!.map(() => 1), a!, b!]],
          ([n, left, right]) => (left! - right!) / n!,
          options,
        );
        const { difference, low, high, p } = pairedBootstrap(a!, b!, options);
        expect(found.value).toBeCloseTo(difference, 10);
        expect(found.low).toBeCloseTo(low, 10);
        expect(found.high).toBeCloseTo(high, 10);
        expect(found.p).toBe(p);
      }),
    );
  });

  it('resamples problems, not what they are made of', () => {
    // One problem has all the steps: its share is what nearly every draw shows, however many steps there are.
    const steps = [1, 1, 1000];
    const right = [1, 1, 0];
    const found = resampled([[steps, right]], ([n, part]) => part! / n!, options);
    expect(found.value).toBeCloseTo(2 / 1002);
    expect(found.high).toBe(1);
  });

  it('leaves out draws without a value', () => {
    // Half of the draws of two problems have no wrong draft.
    const found = resampled(
      [
        [
          [1, 0],
          [1, 0],
        ],
      ],
      ([wrong, fixed]) => fixed! / wrong!,
      options,
    );
    expect(found).toMatchObject({ value: 1, low: 1, high: 1 });
  });

  it('draws seeds first: what lies between them is in the interval, however many problems each has', () => {
    const all = (value: number) => [Array(500).fill(1), Array(500).fill(value)];
    const mean = ([n, part]: readonly number[]) => part! / n!;
    const rounds = 20_000;
    const two = resampled([all(0), all(1)], mean, { seed: 1, rounds });
    // Of two seeds a quarter of the draws are the first twice, a quarter the second twice.
    expect(two).toMatchObject({ value: 0.5, low: 0, high: 1 });
    expect(two.p).toBeCloseTo(0.5, 1);
    const one = resampled([all(1)], mean, { seed: 1, rounds });
    expect(one).toMatchObject({ value: 1, low: 1, high: 1 });
    expect(resampled([all(1), all(1), all(1)], mean, { seed: 1, rounds })).toEqual(one);
  });

  it('has the variance of seeds and of problems, for figures of both', () => {
    // Three seeds of 60%, 70% and 80%, 100 problems each.
    const seeds = [60, 70, 80].map((hits) => [
      Array(100).fill(1),
      Array.from({ length: 100 }, (_, i) => Number(i < hits)),
    ]);
    const { low, high } = resampled(seeds, ([n, part]) => part! / n!, { seed: 2, rounds: 10_000 });
    const between = (2 / 3) * 0.1 ** 2;
    const within = (0.24 + 0.21 + 0.16) / 3 / 100;
    const half = 1.96 * Math.sqrt((between + within) / 3);
    expect(Math.abs(high - low - 2 * half)).toBeLessThan(0.02);
  });

  it('wants problems', () => {
    expect(() => resampled([[[], []]], ([n]) => n!, options)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

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
          [a!.map(() => 1), a!, b!],
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
    const found = resampled([steps, right], ([n, part]) => part! / n!, options);
    expect(found.value).toBeCloseTo(2 / 1002);
    expect(found.high).toBe(1);
  });

  it('leaves out draws without a value', () => {
    // Half of the draws of two problems have no wrong draft.
    const found = resampled(
      [
        [1, 0],
        [1, 0],
      ],
      ([wrong, fixed]) => fixed! / wrong!,
      options,
    );
    expect(found).toMatchObject({ value: 1, low: 1, high: 1 });
  });

  it('wants problems', () => {
    expect(() => resampled([[], []], ([n]) => n!, options)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { REFINE_ALL } from '../refine/index.js';
import { accuracyCurve, refinedPoints } from './curve.js';
import { paths, problems } from './paths.testing.js';
import { mcnemar, wilson } from './statistics.js';

describe('accuracyCurve', () => {
  const rule = { rounds: 2, tau: 0.85 };
  const curve = accuracyCurve(problems, paths, [{ rounds: 0, tau: 0 }, rule]);

  it('has the accuracy and the tokens of samples and of rounds', () => {
    const figures = (points: typeof curve.majority) =>
      points.map(({ name, accuracy, generatedTokens }) => [name, accuracy, generatedTokens]);
    expect(figures(curve.majority)).toEqual([
      ['majority@1', 0.25, 10],
      // Of two different answers the first.
      ['majority@2', 0.25, 20],
    ]);
    expect(figures(curve.bestOf)).toEqual([
      ['best-of-1', 0.25, 10],
      ['best-of-2', 0.5, 20],
    ]);
    expect(figures(curve.rounds)).toEqual([
      ['rounds@0', 0.25, 10],
      ['rounds@1', 0.25, 15],
      ['rounds@2', 0.75, 30],
    ]);
    // The first stops with its draft, the others go all the way.
    expect(figures(curve.budgets)).toEqual([
      ['budget@1', 0.25, 10],
      ['budget@2', 1, 27.5],
    ]);
    for (const { accuracy, low, high } of Object.values(curve).flat()) {
      expect({ low, high }).toEqual(wilson(4 * accuracy, 4));
    }
  });

  it('puts refinement beside sampling at equal tokens', () => {
    const [draft, first, second] = curve.rounds;
    expect(draft!.equal).toEqual({ majority: 0.25, bestOf: 0.25 });
    // Half-way between one sample and two.
    expect(first!.equal).toEqual({ majority: 0.25, bestOf: 0.375 });
    expect(second).toMatchObject({ equal: {}, against: undefined, tau: REFINE_ALL, rounds: 2 });
    expect(second!.equal).toEqual({ majority: undefined, bestOf: undefined });
    expect(draft!.against).toMatchObject({ name: 'best-of-1', generatedTokens: 10, difference: 0 });
    expect(first!.against).toMatchObject({ name: 'best-of-2', generatedTokens: 20 });
    // After a round only the second is right; of two samples the first and the third.
    const [ours, theirs] = [
      [false, true, false, false],
      [true, false, true, false],
    ];
    expect(first!.against!.difference).toBe(-0.25);
    expect(first!.against!.p).toBe(mcnemar(ours!, theirs!).p);
  });

  it('lists each rule that refines once', () => {
    const names = refinedPoints(accuracyCurve(problems, paths, [rule, rule])).map(
      ({ name }) => name,
    );
    expect(names).toEqual(['rounds@1', 'rounds@2', 'budget@1']);
  });
});

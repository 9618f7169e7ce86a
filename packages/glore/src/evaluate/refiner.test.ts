import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlap, refinerEffect } from './refiner.js';

describe('refinerEffect', () => {
  it('counts what is fixed and what is spoiled', () => {
    const draft = [true, true, true, false, false, false, false, false];
    const refined = [true, true, false, true, true, false, false, false];
    expect(refinerEffect(draft, refined)).toEqual({
      before: 3 / 8,
      after: 4 / 8,
      wrongToRight: 2 / 8,
      rightToWrong: 1 / 8,
      wrongFixed: 2 / 5,
      wrongDrafts: 5,
    });
  });

  it('has no share of wrong drafts when none is wrong', () => {
    expect(refinerEffect([true], [false])).toMatchObject({
      before: 1,
      after: 0,
      wrongFixed: undefined,
    });
  });

  it('balances: after is the accuracy of the refinements = before + fixed - spoiled', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 1 }), (problems) => {
        const refined = problems.map(([, right]) => right);
        const effect = refinerEffect(
          problems.map(([right]) => right),
          refined,
        );
        expect(effect.after).toBe(refined.filter(Boolean).length / problems.length);
        const balance = effect.before + effect.wrongToRight - effect.rightToWrong;
        expect(effect.after).toBeCloseTo(balance, 12);
      }),
    );
  });

  it('refuses unpaired and empty outcomes', () => {
    expect(() => refinerEffect([true], [])).toThrow(
      expect.objectContaining({ code: 'length-mismatch' }),
    );
    expect(() => refinerEffect([], [])).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

describe('overlap', () => {
  it('splits the wrong drafts only', () => {
    const draft = [true, false, false, false, false, false];
    const global = [true, true, true, true, false, false];
    const local = [false, true, false, false, true, false];
    expect(overlap(draft, global, local)).toEqual({
      globalOnly: 2 / 5,
      localOnly: 1 / 5,
      both: 1 / 5,
      neither: 1 / 5,
    });
  });

  it('is undefined when no draft is wrong', () => {
    expect(overlap([true], [true], [false])).toBeUndefined();
  });

  it('adds up to 1 and agrees with each refiner’s own share of fixed drafts', () => {
    const problem = fc.tuple(fc.boolean(), fc.boolean(), fc.boolean());
    fc.assert(
      fc.property(fc.array(problem, { minLength: 1 }), (problems) => {
        const draft = problems.map(([right]) => right);
        const global = problems.map(([, right]) => right);
        const local = problems.map(([, , right]) => right);
        const shares = overlap(draft, global, local);
        if (shares === undefined) {
          expect(draft.every(Boolean)).toBe(true);
          return;
        }
        const { globalOnly, localOnly, both, neither } = shares;
        expect(globalOnly + localOnly + both + neither).toBeCloseTo(1, 12);
        expect(globalOnly + both).toBeCloseTo(refinerEffect(draft, global).wrongFixed ?? -1, 12);
        expect(localOnly + both).toBeCloseTo(refinerEffect(draft, local).wrongFixed ?? -1, 12);
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { distinctNames } from './named.js';
import { fixesOf, sharesByStep, tenthsAround } from './series.js';

describe('series', () => {
  it('of fixes stand one after the other and fill the whole', () => {
    const effect = {
      before: 0.5,
      after: 0.6,
      wrongToRight: 0.2,
      rightToWrong: 0.1,
      wrongFixed: 0.4,
      wrongDrafts: 10,
      unchanged: 0,
    };
    const fixes = fixesOf({
      refiners: {
        global: effect,
        local: effect,
        globalOnly: 0.25,
        localOnly: 0.125,
        both: 0.125,
        neither: 0.5,
      },
    });
    expect(fixes.map(({ by, from, to }) => [by, from, to])).toEqual([
      ['global alone', 0, 0.25],
      ['both', 0.25, 0.375],
      ['local alone', 0.375, 0.5],
      ['neither', 0.5, 1],
    ]);
  });

  it('of labels have no share where there is nothing', () => {
    expect(
      sharesByStep([
        { step: 1, labels: 4, positive: 3, attempts: 8, successes: 2 },
        { step: 2, labels: 2, positive: 0, attempts: 0, successes: 0 },
        { step: 3, labels: 0, positive: 0, attempts: 0, successes: 0 },
      ]).map(({ step, positive, verify }) => [step, positive, verify]),
    ).toEqual([
      [1, 0.75, 0.25],
      [2, 0, undefined],
    ]);
  });

  it('have axes that end at tenths', () => {
    expect(tenthsAround([0.41, 0.6])).toEqual([0.4, 0.6]);
    expect(tenthsAround([0.3, 0.83])).toEqual([0.3, 0.9]);
    expect(tenthsAround([1])).toEqual([0, 1]);
    expect(tenthsAround([])).toEqual([0, 1]);
  });

  it('are of runs whose names differ', () => {
    expect(distinctNames(['tiny', 'quick', 'tiny'])).toEqual(['tiny', 'quick', 'tiny (2)']);
  });
});

import { describe, expect, it } from 'vitest';
import type { Outcomes } from '../evaluate/index.js';
import {
  accuracy,
  candidatesAuc,
  difference,
  distinctSteps,
  estimate,
  firstErrorF1,
  fixed,
  fixedBy,
  headroom,
  rightToWrong,
  stepAccuracy,
  withinAuc,
} from './figures.js';

/** Four problems of one seed and two of another. */
const first: Outcomes = {
  right: {
    draft: '1100',
    global: '1010',
    local: '0011',
    'rerank-global': '1010',
    rerank: '1110',
    oracle: '1111',
    sample: '0001',
    'best-of-2': '0111',
    'oracle@2': '1111',
  },
  sampleTokens: [10, 20],
  steps: {
    n: [2, 2, 4, 2],
    orm: [1, 2, 1, 1],
    sorm: [2, 2, 3, 1],
    atHalf: { orm: [0, 2, 1, 1], sorm: [2, 2, 2, 1] },
    distinct: { n: [1, 1, 4, 2], orm: [0, 1, 1, 1], sorm: [1, 1, 3, 1] },
  },
  pairs: { n: [4, 0, 3, 3], orm: [3, 0, 2, 2.5], sorm: [1, 0, 1, 1] },
  candidatePairs: { n: [2, 2, 1, 1], orm: [2, 1, 1, 0] },
  located: {
    sound: '1100',
    orm: '1001',
    sorm: '1101',
    atHalf: { orm: '0000', sorm: '1111' },
  },
};
const second: Outcomes = {
  right: { draft: '01', global: '11', local: '01', rerank: '11', oracle: '11' },
  sampleTokens: [10, 20],
  pairs: { n: [1, 1], orm: [1, 1], sorm: [0, 1] },
  candidatePairs: { n: [1, 0], orm: [1, 0] },
};
const reports = [{ outcomes: first }, { outcomes: second }];
const measured = (figure: Parameters<typeof estimate>[1], of = reports.slice(0, 1)) =>
  estimate(of, figure)?.value;

describe('figures', () => {
  it('are what their names say', () => {
    expect(measured(accuracy('draft'))).toBe(0.5);
    expect(measured(fixed('global'))).toBe(0.5);
    expect(measured(fixed('oracle'))).toBe(1);
    expect(measured(rightToWrong('local'))).toBe(0.5);
    expect(measured(fixedBy(true, true))).toBe(0.5);
    expect(measured(fixedBy(false, true))).toBe(0.5);
    expect(measured(fixedBy(true, false))).toBe(0);
    expect(measured(headroom('rerank'))).toBe(0.5);
    // Global adds one problem to the drafts, and the choice gains it and loses another.
    expect(measured(headroom('rerank-global'))).toBe(0);
    expect(measured(headroom('best-of-2'))).toBe(2 / 3);
    expect(measured(stepAccuracy('orm'))).toBe(0.5);
    expect(measured(stepAccuracy('sorm', true))).toBe(0.7);
    expect(measured(distinctSteps('orm'))).toBe(3 / 8);
    expect(measured(distinctSteps('sorm'))).toBe(6 / 8);
    expect(measured(withinAuc('orm'))).toBe(0.75);
    expect(measured(candidatesAuc)).toBeCloseTo(4 / 6, 12);
    // Right drafts: 1 of 2 accepted; wrong ones: 1 of 2 located.
    expect(measured(firstErrorF1('orm'))).toBe(0.5);
    expect(measured(firstErrorF1('sorm'))).toBeCloseTo(2 / 3, 12);
    expect(measured(firstErrorF1('orm', true))).toBe(0);
  });

  it('are absent where a seed does not have them', () => {
    expect(measured(stepAccuracy('orm'), reports)).toBeUndefined();
    expect(measured(distinctSteps('orm'), reports)).toBeUndefined();
    expect(measured(firstErrorF1('orm'), reports)).toBeUndefined();
    expect(measured(accuracy('gate'))).toBeUndefined();
    expect(measured(headroom('gate'))).toBeUndefined();
    // What does not choose has no headroom.
    expect(measured(headroom('global'))).toBeUndefined();
    expect(measured(accuracy('draft'), [])).toBeUndefined();
  });
});

describe('over seeds', () => {
  it('problems are pooled, and each seed is shown', () => {
    const found = estimate(reports, accuracy('rerank'))!;
    expect(found).toMatchObject({ value: 5 / 6, bySeed: [0.75, 1] });
    expect(found.low).toBeLessThanOrEqual(5 / 6);
    expect(found.high).toBe(1);
    expect(measured(withinAuc('orm'), reports)).toBe((7.5 + 2) / 12);
  });

  it('right answers are compared problem by problem', () => {
    const side = (row: string) => ({ reports, figure: accuracy(row) });
    const found = difference(side('rerank'), side('draft'))!;
    expect(found.value).toBeCloseTo(2 / 6, 12);
    expect(found.bySeed).toEqual([0.25, 0.5]);
    expect(difference(side('draft'), side('draft'))).toMatchObject({ value: 0, low: 0, high: 0 });
  });

  it('other figures are compared by resampling the same problems', () => {
    const side = (critic: 'orm' | 'sorm') => ({
      reports: reports.slice(0, 1),
      figure: stepAccuracy(critic),
    });
    const found = difference(side('sorm'), side('orm'))!;
    expect(found.value).toBeCloseTo(0.3, 12);
    // On no problem is the ORM ahead.
    expect(found.low).toBeGreaterThanOrEqual(0);
    expect(difference(side('sorm'), side('sorm'))).toMatchObject({ low: 0, high: 0 });
  });

  it('nothing is tested on fewer than three of them', () => {
    const of = (count: number) => {
      const many = Array.from({ length: count }, () => ({ outcomes: first }));
      const side = (row: string) => ({ reports: many, figure: accuracy(row) });
      return [side('rerank'), side('draft')] as const;
    };
    expect(difference(...of(2))!.p).toBeUndefined();
    const [ahead, behind] = of(5);
    // Of five seeds with one problem in four gained, few draws gain none.
    expect(difference(ahead, behind)!.p).toBeLessThan(0.05);
    expect(difference(behind, behind)!.p).toBe(1);
    expect(difference(ahead, { ...behind, reports: behind.reports.slice(1) })).toBeUndefined();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestOf, majority } from './vote.js';

const same = (answer: string) => answer;

describe('majority', () => {
  it('returns the first sample of the most frequent answer', () => {
    expect(majority(['7', '8', '9', '8'], same)).toBe(1);
  });

  it('counts equivalent answers together', () => {
    const number = (answer: string) => String(Number(answer.replaceAll(',', '')));
    expect(majority(['5', '5', '1,000', '1000', '1000.0'], number)).toBe(2);
  });

  it('weighs votes, so that a heavy one may win over several', () => {
    expect(majority(['7', '8', '8', null], same, [0.9, 0.4, 0.4, 3])).toBe(0);
    expect(majority(['7', '8', '8', null], same, [0.7, 0.4, 0.4, 3])).toBe(1);
  });

  it('leaves ties with the answer seen first', () => {
    expect(majority(['8', '7', '7', '8'], same)).toBe(0);
    expect(majority(['1', '2', '3'], same)).toBe(0);
  });

  it('gives missing answers no vote unless all are missing', () => {
    expect(majority([null, null, '4'], same)).toBe(2);
    expect(majority([null, null], same)).toBe(0);
  });

  it('returns the first occurrence of an answer that none outnumbers', () => {
    const answer = fc.option(fc.constantFrom('1', '2', '3'), { nil: null });
    fc.assert(
      fc.property(fc.array(answer, { minLength: 1, maxLength: 12 }), (answers) => {
        const index = majority(answers, same);
        const votes = (wanted: string | null) =>
          wanted === null ? 0 : answers.filter((given) => given === wanted).length;
        const most = Math.max(...answers.map(votes));
        expect(index).toBe(answers.findIndex((given) => votes(given) === most));
      }),
    );
  });

  it('refuses to choose among no samples', () => {
    expect(() => majority([], same)).toThrow(
      expect.objectContaining({ code: 'nothing-to-measure' }),
    );
  });
});

describe('bestOf', () => {
  it('returns the first of the highest scores', () => {
    expect(bestOf([0.2, 0.9, 0.9, 0.1])).toBe(1);
    expect(bestOf([-3])).toBe(0);
  });

  it('agrees with the maximum', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1 }), (scores) => {
        expect(bestOf(scores)).toBe(scores.indexOf(Math.max(...scores)));
      }),
    );
  });

  it('refuses no scores and NaN', () => {
    expect(() => bestOf([])).toThrow(expect.objectContaining({ code: 'nothing-to-measure' }));
    expect(() => bestOf([Number.NaN, 1])).toThrow(
      expect.objectContaining({ code: 'not-a-number' }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { meanTokens, rivalsOf, samplesIn } from './tokens.js';

/** A report whose samples have ten tokens each. */
const report = (rerank: number, samples = 8) => ({
  rows: [['rerank', rerank] as const, [`best-of-${samples}`, 10 * samples] as const].map(
    ([name, generatedTokens]) => ({
      ...{ name, generatedTokens },
      ...{ accuracy: 0.5, low: 0, high: 1, seconds: 0 },
    }),
  ),
  outcomes: {
    right: Object.fromEntries(
      Array.from({ length: samples - 1 }, (_, i) => [
        [`best-of-${i + 2}`, '01'],
        [`majority@${i + 2}`, '01'],
      ]).flat(),
    ),
    sampleTokens: Array.from({ length: samples }, (_, i) => 10 * (i + 1)),
  },
});

describe('meanTokens', () => {
  it('are those of the row, or of as many samples', () => {
    const reports = [report(24), report(30)];
    expect(meanTokens(reports, 'rerank')).toBe(27);
    expect(meanTokens(reports, 'best-of-8')).toBe(80);
    expect(meanTokens(reports, 'majority@3')).toBe(30);
    expect(meanTokens(reports, 'majority@9')).toBeUndefined();
    // Not kept for every number of samples.
    expect(meanTokens(reports, 'oracle@3')).toBeUndefined();
    expect(meanTokens(reports, 'gate')).toBeUndefined();
  });
});

describe('samplesIn', () => {
  it('is the number in the rows', () => {
    expect(samplesIn([report(24, 5)])).toBe(5);
    expect(samplesIn([])).toBe(8);
  });
});

describe('rivalsOf', () => {
  it('are rows of the fewest samples that need as many tokens as the method', () => {
    expect(rivalsOf([report(24), report(30)])).toEqual(['best-of-3', 'majority@3']);
    expect(rivalsOf([report(30)])).toEqual(['best-of-3', 'majority@3']);
    expect(rivalsOf([report(31)])).toEqual(['best-of-4', 'majority@4']);
    // One sample is no choice.
    expect(rivalsOf([report(5)])).toEqual(['best-of-2', 'majority@2']);
    expect(rivalsOf([report(81)])).toEqual([]);
    expect(rivalsOf([])).toEqual([]);
  });
});

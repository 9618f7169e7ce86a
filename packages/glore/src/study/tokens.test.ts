import { describe, expect, it } from 'vitest';
import { meanProcessed, rivalsOf, samplesIn } from './tokens.js';

/** A report in which a sample takes ten tokens, and two more where the ORM reads it. */
function report(rerank: number, samples = 8) {
  const counts = Array.from({ length: samples - 1 }, (_, i) => i + 2);
  const processed = [
    ['rerank', rerank] as const,
    ...counts.flatMap((k) => [
      [`best-of-${k}`, 12 * k] as const,
      [`majority@${k}`, 10 * k] as const,
    ]),
  ];
  return {
    rows: ['rerank', `best-of-${samples}`].map((name) => ({
      name,
      ...{ accuracy: 0.5, low: 0, high: 1, seconds: 0, generatedTokens: 1 },
    })),
    outcomes: {
      right: Object.fromEntries(processed.map(([row]) => [row, '01'])),
      processed: Object.fromEntries(processed),
    },
  };
}

describe('meanProcessed', () => {
  it('is that of the row, whatever its number of samples', () => {
    const reports = [report(24), report(30)];
    expect(meanProcessed(reports, 'rerank')).toBe(27);
    expect(meanProcessed(reports, 'best-of-8')).toBe(96);
    expect(meanProcessed(reports, 'majority@3')).toBe(30);
    expect(meanProcessed(reports, 'gate')).toBeUndefined();
  });
});

describe('samplesIn', () => {
  it('is the number in the rows', () => {
    expect(samplesIn([report(24, 5)])).toBe(5);
    expect(samplesIn([])).toBe(8);
  });
});

describe('rivalsOf', () => {
  it('are rows of the fewest samples that process as many tokens as the method', () => {
    expect(rivalsOf([report(24), report(30)])).toEqual(['best-of-3', 'majority@3']);
    expect(rivalsOf([report(31)])).toEqual(['best-of-3', 'majority@4']);
    // One sample is no choice.
    expect(rivalsOf([report(5)])).toEqual(['best-of-2', 'majority@2']);
    // All that there are, where these are fewer.
    expect(rivalsOf([report(90)])).toEqual(['best-of-8', 'majority@8']);
    expect(rivalsOf([])).toEqual([]);
  });

  it('are none where nobody knows what is processed', () => {
    const { rows, outcomes } = report(24);
    expect(rivalsOf([{ rows, outcomes: { right: outcomes.right } }])).toEqual([]);
  });
});

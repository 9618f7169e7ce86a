import { expect, it } from 'vitest';
import { Coverage, readValue } from './labels.js';

const labels = { positive: ['+', ' +'], negative: ['-', ' -'] };
const first = (masses: Record<string, number>) =>
  new Map(Object.entries(masses).map(([token, p]) => [token, Math.log(p)]));

it('adds up the spellings of a label and renormalises over both', () => {
  const { value, mass } = readValue(first({ '+': 0.3, ' +': 0.15, '-': 0.15, the: 0.4 }), labels);
  expect(value).toBeCloseTo(0.75);
  expect(mass).toBeCloseTo(0.6);
});

it('takes a label that is not among the likeliest for impossible, and no label for no knowledge', () => {
  expect(readValue(first({ ' -': 0.9 }), labels)).toMatchObject({ value: 0 });
  expect(readValue(first({ the: 1 }), labels)).toEqual({ value: 0.5, mass: 0 });
});

it('refuses values of a model that wants to say something else', () => {
  const coverage = new Coverage();
  coverage.add([0.9, 0.1, 0.8], 'orm', labels);
  coverage.add([], 'orm', labels);
  expect(coverage.median).toBe(0.8);
  expect(() => coverage.add([0.9, 0.1, 0.2], 'orm', labels)).toThrow(
    expect.objectContaining({
      code: 'labels-uncovered',
      message: expect.stringMatching(/"\+", " \+", "-", " -", found that these have 20\.0% of/),
    }),
  );
});

import { expect, it } from 'vitest';
import { readValue, Watch } from './labels.js';

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
  const watch = new Watch();
  watch.covered([0.9, 0.1, 0.8], 'orm', labels);
  watch.covered([], 'orm', labels);
  expect(watch.coverage).toBe(0.8);
  expect(() => watch.covered([0.9, 0.1, 0.2], 'orm', labels)).toThrow(
    expect.objectContaining({
      code: 'labels-uncovered',
      message: expect.stringMatching(/"\+", " \+", "-", " -", found that these have 20\.0% of/),
    }),
  );
});

it('refuses values that are the same for everything, once they are many', () => {
  const watch = new Watch();
  const same = (count: number) => Array<number>(count).fill(0.5);
  watch.valued(same(1), 'orm');
  expect(watch.constant).toBe(false);
  watch.valued(same(254), 'orm');
  expect(watch.constant).toBe(true);
  expect(() => watch.valued([0.5 + 1e-9], 'orm')).toThrow(
    expect.objectContaining({
      code: 'values-constant',
      message: expect.stringContaining('found 0.500000 for each of 256 lines'),
    }),
  );
  const other = new Watch();
  other.valued([...same(300), 0.501].reverse(), 'orm');
  expect(other.constant).toBe(false);
});

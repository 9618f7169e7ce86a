import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Example, nextTokenExample } from './example.js';
import { dealtPadded, type PaddedBatch } from './padded.js';

const VOCABULARY = 50;

/** Sequences of the given lengths, each of which says which one it is. */
const examplesOf = (lengths: readonly number[]): Example[] =>
  lengths.map((length, i) =>
    nextTokenExample(
      Array.from({ length }, (_, t) => (i * 7 + t) % VOCABULARY),
      1,
    ),
  );

const deal = (examples: readonly Example[], workers: number): PaddedBatch[][] =>
  dealtPadded(examples, workers);

const positionsOf = (share: readonly PaddedBatch[]): number =>
  share.reduce((sum, { batch, time }) => sum + batch * time, 0);

/** What stands in a micro-batch: tokens and targets of each row up to its last target and one more. */
function rowsOf({ batch, time, tokens, picked, targets }: PaddedBatch): string[] {
  return Array.from({ length: batch }, (_, row) => {
    const own = [...picked.keys()].filter((i) => Math.floor(Number(picked[i]) / time) === row);
    const length = own.length + 1;
    const at = row * time;
    return `${tokens.slice(at, at + length)}>${own.map((i) => targets[i])}`;
  });
}

const lengths = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 40 });
const workers = fc.integer({ min: 1, max: 4 });

it('deals each example once, padded to the longest of its micro-batch', () => {
  fc.assert(
    fc.property(lengths, workers, (list, count) => {
      const examples = examplesOf(list);
      const shares = deal(examples, count);
      expect(shares).toHaveLength(count);
      const expected = examples.map(
        ({ tokens, targets }) => `${tokens}>${targets.filter((target) => target >= 0)}`,
      );
      expect(shares.flat().flatMap(rowsOf).sort()).toEqual(expected.sort());
      expect(deal(examples, count)).toEqual(shares);
    }),
  );
});

it('keeps micro-batches small unless one sequence is long', () => {
  fc.assert(
    fc.property(lengths, workers, (list, count) => {
      for (const { batch, time } of deal(examplesOf(list), count).flat()) {
        expect(batch === 1 || batch * time <= 1024).toBe(true);
        expect(batch === 1 || batch * time ** 2 <= 3 * 2 ** 17).toBe(true);
      }
    }),
  );
  expect(deal(examplesOf([1500, 3]), 1).map((share) => share.length)).toEqual([2]);
});

it('has the last worker done no later than equal numbers of rows would', () => {
  fc.assert(
    fc.property(lengths, workers, (list, count) => {
      const sorted = list.toSorted((a, b) => b - a);
      const shares = deal(examplesOf(list), count);
      // The same number of micro-batches, each with as many rows.
      const parts = Math.max(count, shares.flat().length);
      const rows = Math.ceil(sorted.length / parts);
      const loads = Array.from({ length: count }, () => 0);
      for (let at = 0; at < sorted.length; at += rows) {
        const part = Math.min(rows, sorted.length - at) * sorted[at]!;
        loads[loads.indexOf(Math.min(...loads))]! += part;
      }
      // A micro-batch more or less for a worker is 64 positions.
      const slack = 64 * parts;
      expect(Math.max(...shares.map(positionsOf))).toBeLessThanOrEqual(Math.max(...loads) + slack);
    }),
  );
});

it('gives two workers nearly the same', () => {
  const list = Array.from({ length: 16 }, (_, i) => 60 + 10 * i);
  const loads = deal(examplesOf(list), 2).map(positionsOf);
  const all = list.reduce((a, b) => a + b, 0);
  expect(Math.max(...loads)).toBeLessThan((1.15 * all) / 2);
});

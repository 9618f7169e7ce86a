import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { balance } from './balance.js';

const rows = fc.array(fc.array(fc.boolean(), { maxLength: 5 }), { maxLength: 12 });

describe('balance', () => {
  it('leaves out the surplus at each place, and all where a place has one kind only', () => {
    const labels = [[true, true], [false], [true, true], [false, true], []];
    const kept = balance(labels, 'seed');
    // Two of each at the first place, so all stay; no negative at the second.
    expect(kept).toEqual([[true, false], [true], [true, false], [true, false], []]);
  });

  it('keeps as many positives as negatives at each place, and no fewer than it could', () => {
    fc.assert(
      fc.property(rows, fc.string(), (labels, seed) => {
        const kept = balance(labels, seed);
        expect(kept.map(({ length }) => length)).toEqual(labels.map(({ length }) => length));
        for (let place = 0; place < 5; place++) {
          const all = labels.flatMap((row, i) =>
            place < row.length ? [{ label: row[place], kept: kept[i]![place] }] : [],
          );
          const of = (label: boolean) => all.filter((item) => item.label === label);
          const rarer = Math.min(of(true).length, of(false).length);
          expect(of(true).filter((item) => item.kept)).toHaveLength(rarer);
          expect(of(false).filter((item) => item.kept)).toHaveLength(rarer);
        }
      }),
    );
  });

  it('groups labels by the place that it is told', () => {
    const labels = [[true, true, false], [true], [false, true], [true, true, true, true]];
    // The last label of each row against all others.
    const last = (row: number, index: number) =>
      index === labels[row]!.length - 1 ? 'last' : 'other';
    const kept = balance(labels, 'seed', last);
    const count = (place: string, label: boolean) =>
      labels
        .flatMap((row, i) =>
          row.map((value, k) => ({ value, place: last(i, k), kept: kept[i]![k] })),
        )
        .filter((item) => item.kept && item.place === place && item.value === label).length;
    expect([count('last', true), count('last', false)]).toEqual([1, 1]);
    expect([count('other', true), count('other', false)]).toEqual([1, 1]);
  });

  it('chooses by the seed alone', () => {
    const labels = Array.from({ length: 60 }, (_, i) => [i % 6 === 0]);
    const chosen = (seed: string) => JSON.stringify(balance(labels, seed));
    expect(chosen('a')).toBe(chosen('a'));
    expect(new Set(['a', 'b', 'c', 'd'].map(chosen)).size).toBe(4);
    // Every row has its chance: over many seeds each surplus negative is kept sometimes.
    const ever = new Set<number>();
    for (let seed = 0; seed < 60; seed++) {
      balance(labels, String(seed)).forEach(([kept], row) => {
        if (kept) ever.add(row);
      });
    }
    expect(ever.size).toBe(60);
  });
});

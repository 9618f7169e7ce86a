import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spellingOf } from '../codec/index.js';
import { byProblem, type Sample } from '../rollout/index.js';
import { chooseSamples } from './choose.js';

/** Samples of a few problems with few spellings, so that many are equal; some without a step. */
const samples = fc
  .array(
    fc.record({
      problem: fc.constantFrom('p', 'q', 'r', 's'),
      right: fc.boolean(),
      steps: fc.array(fc.constantFrom('2+3=5.', '2+3=6.'), { maxLength: 2 }),
    }),
    { maxLength: 40 },
  )
  .map((list) =>
    list.map(
      (item, index): Sample => ({
        ...item,
        index,
        seed: index,
        answer: item.right ? '5' : '6',
        tokens: 3,
      }),
    ),
  );
const nameOf = (sample: Sample) => `${sample.problem} ${spellingOf(sample)}`;

describe('chooseSamples', () => {
  it('takes distinct samples with steps, of solved problems, at most as many as asked for of each kind', () => {
    fc.assert(
      fc.property(samples, fc.integer({ min: 0, max: 12 }), fc.string(), (all, most, seed) => {
        const chosen = chooseSamples(all, { most, seed });
        const solved = [...byProblem(all)].filter(([, group]) => group.some(({ right }) => right));
        const usable = solved.flatMap(([, group]) => group.filter(({ steps }) => steps.length > 0));
        for (const [kind, list] of [
          [true, chosen.right],
          [false, chosen.wrong],
        ] as const) {
          const names = new Set(usable.filter(({ right }) => right === kind).map(nameOf));
          expect(list).toHaveLength(Math.min(most, names.size));
          expect(new Set(list.map(nameOf)).size).toBe(list.length);
          for (const sample of list) {
            expect(sample.right).toBe(kind);
            expect(names).toContain(nameOf(sample));
          }
        }
        expect(chooseSamples(all, { most, seed })).toEqual(chosen);
      }),
    );
  });

  it('takes wrong ones of problems that are not solved where they are wanted', () => {
    const wrong: Sample = {
      problem: 'p',
      index: 0,
      seed: 0,
      steps: ['a'],
      answer: '6',
      right: false,
      tokens: 3,
    };
    expect(chooseSamples([wrong], { most: 9, seed: '' }).wrong).toEqual([]);
    expect(chooseSamples([wrong], { most: 9, seed: '', unsolved: true }).wrong).toEqual([wrong]);
  });

  it('chooses by the seed, and keeps the order of the samples', () => {
    const many = Array.from(
      { length: 40 },
      (_, index): Sample => ({
        problem: 'p',
        index,
        seed: index,
        steps: [`step ${index}`],
        answer: index === 0 ? '5' : '6',
        right: index === 0,
        tokens: 3,
      }),
    );
    const indicesOf = (seed: string) =>
      chooseSamples(many, { most: 10, seed }).wrong.map(({ index }) => index);
    expect(indicesOf('a')).toEqual(indicesOf('a').toSorted((one, other) => one - other));
    expect(indicesOf('a')).not.toEqual(indicesOf('b'));
  });
});

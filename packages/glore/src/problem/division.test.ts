import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { allot, holdOut } from './division.js';
import type { Problem } from './types.js';

const problemOf = (id: string, question = `${id}?`, steps: readonly string[] = ['a']): Problem => ({
  id,
  question,
  answer: '1',
  steps,
});
const numbered = (count: number, prefix = 'p'): Problem[] =>
  Array.from({ length: count }, (_, i) => problemOf(`${prefix}${i}`));
const ids = (problems: readonly Problem[]) => problems.map(({ id }) => id);

describe('holdOut', () => {
  it('takes dev and test from one file, each problem once, in its order', () => {
    const all = numbered(40);
    const { train, dev, test, dropped } = holdOut({ train: all }, { dev: 7, test: 9 });
    expect([train.length, dev.length, test.length]).toEqual([24, 7, 9]);
    expect(ids([...train, ...dev, ...test]).toSorted()).toEqual(ids(all).toSorted());
    for (const part of [train, dev, test]) {
      expect(part).toEqual(all.filter((problem) => part.includes(problem)));
    }
    expect(dropped).toEqual({ repeated: 0, heldOut: 0 });
  });

  it('drops from training what is asked in test or dev, whatever its white space', () => {
    const read = {
      train: [
        problemOf('a', 'How many  eggs\nare there? '),
        problemOf('b'),
        problemOf('c', 'b?'),
        problemOf('d', 'caf\u0065\u0301?'),
        problemOf('e'),
        problemOf('f'),
      ],
      dev: [problemOf('x', 'caf\u00e9?'), problemOf('y', 'How many eggs are there?')],
      test: [problemOf('t', 'How many eggs are there?'), problemOf('u', 'e?')],
    };
    const held = holdOut(read, { dev: 5 });
    expect(ids(held.train)).toEqual(['b', 'f']);
    expect(ids(held.dev)).toEqual(['x']);
    expect(ids(held.test)).toEqual(['t', 'u']);
    // c is asked as b was; a and e are in test, d in dev, and y of dev in test.
    expect(held.dropped).toEqual({ repeated: 1, heldOut: 4 });
  });

  it('trains on the same problems whatever the limit of tests, and drops those beyond it too', () => {
    const read = { train: numbered(30), test: [...numbered(4), ...numbered(20, 't')] };
    const all = holdOut(read, { dev: 5 });
    const few = holdOut(read, { dev: 5, test: 3 });
    expect(few.test).toHaveLength(3);
    expect(all.test).toHaveLength(24);
    expect(all.test).toEqual(expect.arrayContaining(few.test));
    expect({ ...few, test: [] }).toEqual({ ...all, test: [] });
    expect(few.dropped.heldOut).toBe(4);
  });

  it('keeps almost all of dev and test when the file grows', () => {
    const counts = { dev: 20, test: 20 };
    const before = holdOut({ train: numbered(200) }, counts);
    const after = holdOut({ train: numbered(210) }, counts);
    for (const part of ['dev', 'test'] as const) {
      const kept = after[part].filter((problem) => ids(before[part]).includes(problem.id));
      expect(kept.length).toBeGreaterThanOrEqual(10);
    }
  });
});

describe('allot', () => {
  const wanted = fc.record({
    train: fc.integer({ min: 1, max: 12 }),
    candidates: fc.integer({ min: 0, max: 12 }),
    sft: fc.integer({ min: 0, max: 12 }),
    rounds: fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 2 }),
  });

  it('shares nothing between drafts and candidates, and with the student no more than it must', () => {
    fc.assert(
      fc.property(
        wanted,
        fc.integer({ min: 2, max: 30 }),
        fc.nat({ max: 99 }),
        (want, count, seed) => {
          const all = numbered(count);
          const allotted = allot(all, want, seed);
          const [train, candidates, sft, ...rounds] = allotted.map(({ problems }) => ids(problems));
          expect(allotted.map(({ name }) => name)).toEqual([
            'train',
            'candidates',
            'sft',
            ...want.rounds.map((_, i) => `ei-${i + 1}`),
          ]);
          for (const { problems, shared, wanted: most } of allotted) {
            expect(new Set(ids(problems)).size).toBe(problems.length);
            expect(problems.length).toBeLessThanOrEqual(most);
            const common = ids(problems).filter((id) => train!.includes(id));
            if (problems !== allotted[0]!.problems) expect(common).toHaveLength(shared);
          }
          expect(candidates!.filter((id) => train!.includes(id))).toEqual([]);
          for (const used of [sft!, ...rounds]) {
            expect(used.filter((id) => candidates!.includes(id))).toEqual([]);
          }
          // All problems are used before any is used twice.
          const enough = want.train + want.candidates <= count;
          expect(train!.length + candidates!.length).toBe(
            enough ? want.train + want.candidates : count,
          );
          expect(train!.length).toBeGreaterThan(0);
          if (want.candidates > 0) expect(candidates!.length).toBeGreaterThan(0);
          const fresh = [sft!, ...rounds].map((used) => used.filter((id) => !train!.includes(id)));
          expect(new Set(fresh.flat()).size).toBe(fresh.flat().length);
          const free = count - train!.length - candidates!.length;
          const asked = want.sft + want.rounds.reduce((sum, n) => sum + n, 0);
          expect(fresh.flat().length).toBe(Math.min(free, asked));
        },
      ),
    );
  });

  it('gives sft worked solutions alone', () => {
    const all = numbered(20).map((problem, i) => ({ ...problem, steps: i % 3 === 0 ? ['a'] : [] }));
    const find = (train: number) =>
      allot(all, { train, candidates: 0, sft: 20, rounds: [3] }, 1).find(
        ({ name }) => name === 'sft',
      )!;
    for (const train of [1, 10, 20]) {
      const { problems } = find(train);
      expect(ids(problems).toSorted()).toEqual(
        ids(all.filter(({ steps }) => steps.length > 0)).toSorted(),
      );
    }
    expect(find(20).shared).toBe(7);
  });

  it('is another division for another seed, and the same one for the same', () => {
    const all = numbered(50);
    const want = { train: 20, candidates: 10, sft: 5, rounds: [5] };
    expect(allot(all.toReversed(), want, 1)).toEqual(allot(all, want, 1));
    expect(allot(all, want, 2)[0]!.problems).not.toEqual(allot(all, want, 1)[0]!.problems);
    // More drafts take from nobody's candidates.
    const more = allot(all, { ...want, train: 25 }, 1);
    expect(more[1]).toEqual(allot(all, want, 1)[1]);
    expect(ids(more[0]!.problems).slice(0, 20)).toEqual(ids(allot(all, want, 1)[0]!.problems));
  });
});

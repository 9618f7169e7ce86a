import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { batches, type GroupedExample, holdOutExamples, scheduleOf } from './order.js';

const exampleOf = (group: string, first: number): GroupedExample => ({
  tokens: [first],
  targets: [-1],
  group,
});
/** Examples of some groups, each another one. */
const examples = fc
  .array(fc.integer({ min: 0, max: 130 }), { minLength: 1, maxLength: 400 })
  .map((groups) => groups.map((group, i) => exampleOf(`g${group}`, i)));
const groupsOf = (list: readonly GroupedExample[]) => new Set(list.map(({ group }) => group));

describe('holdOutExamples', () => {
  it('holds out whole groups, at most a fifth of them, and forgets no example', () => {
    fc.assert(
      fc.property(examples, fc.string(), (all, seed) => {
        const groups = all.map(({ group }) => group);
        const { learned, heldOut } = holdOutExamples(all, groups, seed);
        const count = Math.min(96, Math.floor(groupsOf(all).size / 5));
        expect(heldOut.length).toBeLessThanOrEqual(96);
        expect(groupsOf(learned).size).toBe(groupsOf(all).size - count);
        if (count === 0) {
          expect(learned).toEqual(all);
          expect(heldOut).toEqual(all.slice(0, 96));
          return;
        }
        const kept = groupsOf(learned);
        expect(learned).toEqual(all.filter(({ group }) => kept.has(group)));
        expect(heldOut).toEqual(all.filter(({ group }) => !kept.has(group)).slice(0, 96));
        expect(holdOutExamples(all, groups, seed)).toEqual({ learned, heldOut });
      }),
    );
  });

  it('chooses among all groups, those too of which no example is left', () => {
    const all = Array.from({ length: 50 }, (_, i) => exampleOf(`g${i}`, i));
    const groups = all.map(({ group }) => group);
    const { heldOut } = holdOutExamples(all, groups, 'seed');
    expect(heldOut).toHaveLength(10);
    const gone = heldOut[0]!;
    const rest = all.filter((example) => example !== gone);
    expect(holdOutExamples(rest, groups, 'seed').heldOut).toEqual(heldOut.slice(1));
  });

  it('learns from everything where every example would be held out', () => {
    const all = [exampleOf('a', 1), exampleOf('a', 2)];
    for (const seed of ['1', '2', '3', '4', '5', '6', '7', '8', '9']) {
      const { learned, heldOut } = holdOutExamples(all, ['a', 'b', 'c', 'd', 'e'], seed);
      expect([learned, heldOut]).toEqual([all, all]);
    }
  });
});

describe('batches', () => {
  const options = fc.record({
    examples: fc.option(fc.integer({ min: 1, max: 60 }), { nil: undefined }),
    epochs: fc.integer({ min: 1, max: 4 }),
    batch: fc.integer({ min: 1, max: 20 }),
    together: fc.boolean(),
  });
  const list = fc
    .array(fc.integer({ min: 0, max: 25 }), { minLength: 1, maxLength: 50 })
    .map((groups) => groups.map((group, i) => exampleOf(`g${group}`, i)));
  const firsts = (examples: readonly GroupedExample[]) => examples.map(({ tokens }) => tokens[0]!);
  const sorted = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b);

  it('go through one selection in every epoch, each example once', () => {
    fc.assert(
      fc.property(list, options, fc.string(), (all, how, seed) => {
        const { steps, batch } = batches(all, how, seed);
        const most = Math.min(all.length, how.examples ?? all.length);
        const perEpoch = Math.ceil(most / how.batch);
        expect(steps).toBe(how.epochs * perEpoch);
        const made = Array.from({ length: steps }, (_, i) => firsts(batch(i + 1)));
        const epochs = Array.from({ length: how.epochs }, (_, epoch) =>
          made.slice(epoch * perEpoch, (epoch + 1) * perEpoch).flat(),
        );
        for (const epoch of epochs) {
          expect(new Set(epoch).size).toBe(most);
          expect(epoch).toHaveLength(most);
          expect(sorted(epoch)).toEqual(sorted(epochs[0]!));
        }
        for (const [i, one] of made.entries()) {
          if ((i + 1) % perEpoch > 0) expect(one).toHaveLength(how.batch);
        }
      }),
    );
  });

  it('are the same in whatever order they are asked for, so that training can go on anywhere', () => {
    fc.assert(
      fc.property(list, options, fc.string(), fc.infiniteStream(fc.nat()), (all, how, seed, at) => {
        const { steps, batch } = batches(all, how, seed);
        const made = Array.from({ length: steps }, (_, i) => batch(i + 1));
        const again = batches(all, how, seed);
        for (let i = 0; i < 10; i++) {
          const step = ((at.next().value ?? 0) % steps) + 1;
          expect(again.batch(step)).toEqual(made[step - 1]);
        }
      }),
    );
  });

  it('come in another order in each epoch, and for another seed', () => {
    const all = Array.from({ length: 40 }, (_, i) => exampleOf(`g${i % 7}`, i));
    for (const together of [false, true]) {
      const whole = { epochs: 2, batch: 40, together };
      const { batch } = batches(all, whole, 'seed');
      expect(batch(2)).not.toEqual(batch(1));
      expect(batches(all, whole, 'other').batch(1)).not.toEqual(batch(1));
    }
  });

  it('have the examples of a group together, where they fit', () => {
    const sizes = [1, 2, 3, 4, 5, 6];
    const all = Array.from({ length: 60 }, (_, group) =>
      Array.from({ length: sizes[group % sizes.length]! }, (_, i) => exampleOf(`g${group}`, i)),
    ).flat();
    const { steps, batch } = batches(all, { epochs: 1, batch: 16, together: true }, 'seed');
    const places = new Map<string, Set<number>>();
    for (let step = 1; step <= steps; step++) {
      for (const { group } of batch(step)) {
        places.set(group, (places.get(group) ?? new Set()).add(step));
      }
    }
    const cut = [...places.values()].filter(({ size }) => size > 1);
    // Only where what waits does not make up a whole batch any more, at the end.
    expect(cut.length).toBeLessThanOrEqual(2);
    expect(cut.every((steps_) => Math.min(...steps_) >= steps - 3)).toBe(true);
  });
});

describe('scheduleOf', () => {
  it.each([
    [1, 1],
    [40, 4],
    [500, 50],
    [9000, 50],
  ])('warms %i updates up for %i of them', (steps, warmup) => {
    expect(scheduleOf(1e-3, steps)).toEqual({ rate: 1e-3, warmup, steps, floor: 0.05 });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstErrorOf } from '../codec/index.js';
import type { RolloutRecord, Sample, Trace } from '../rollout/index.js';
import { usesPrefix } from './consistency.js';
import { labelSamples, propagate, verify } from './label.js';

const sample = (steps: string[], answer: string | null, right: boolean): Sample => ({
  problem: 'p',
  index: 3,
  seed: 1,
  steps,
  answer,
  right,
  tokens: 20,
});
const trace = (
  right: boolean,
  count: number,
  answer: string | null,
  ...steps: string[]
): Trace => ({
  steps,
  answer,
  right,
  count,
});
const rollouts = (...prefixes: Trace[][]): RolloutRecord => ({
  problem: 'p',
  sample: 3,
  prefixes: prefixes.map((traces, i) => ({
    length: i + 1,
    attempts: traces.reduce((sum, { count }) => sum + count, 0),
    traces,
  })),
  tokens: 100,
});

// Fay has 37 shells, finds 148, loses 29: 156.
const right = sample(['Fay has 37+148=185.', 'Fay has 185-29=156.'], '156', true);
const slipped = sample(['Fay has 37+148=175.', 'Fay has 175-29=146.'], '146', false);

describe('verify', () => {
  it('takes a right sample as the verifying trace of its own prefixes', () => {
    expect(verify(right, undefined, true)).toEqual({
      problem: 'p',
      sample: 3,
      labels: [true, true],
      answer: true,
      counts: [
        { successes: 1, attempts: 1 },
        { successes: 1, attempts: 1 },
      ],
    });
  });

  it('gives a step that a right sample never uses no label but 0, if traces must be consistent', () => {
    const detour = sample(['Lee has 2+3=5.', ...right.steps], '156', true);
    expect(verify(detour, undefined, true).labels).toEqual([false, false, false]);
    expect(verify(detour, undefined, false).labels).toEqual([true, true, true]);
  });

  it('labels a prefix 1 where a rollout from it reached the answer, and counts how many did', () => {
    const record = rollouts(
      [trace(false, 5, '146', 'Fay has 175-29=146.'), trace(false, 3, null)],
      [trace(false, 8, '146')],
    );
    const labelled = verify(slipped, record, true);
    expect(labelled).toMatchObject({ labels: [false, false], answer: false });
    expect(labelled.counts).toEqual([
      { successes: 0, attempts: 8 },
      { successes: 0, attempts: 8 },
    ]);
    const late = sample(['Fay has 37+148=185.', 'Fay has 185-29=146.'], '146', false);
    const good = trace(true, 6, '156', 'Fay has 185-29=156.');
    const alike = trace(true, 1, '156', 'Then Fay has 185-29=156.');
    const found = verify(
      late,
      rollouts([good, trace(false, 1, '7'), alike], [trace(false, 8, '146')]),
      true,
    );
    expect(found.labels).toEqual([true, false]);
    expect(found.counts[0]).toEqual({ successes: 7, attempts: 8 });
  });

  it('does not count a trace that starts over past a wrong prefix', () => {
    const over = trace(true, 2, '156', 'Fay has 37+148=185.', 'Fay has 185-29=156.');
    const record = rollouts([over, trace(false, 6, '146', 'Fay has 175-29=146.')], [over]);
    expect(verify(slipped, record, true)).toMatchObject({
      labels: [false, false],
      counts: [
        { successes: 0, attempts: 8 },
        { successes: 0, attempts: 2 },
      ],
    });
    expect(verify(slipped, record, false)).toMatchObject({
      labels: [true, true],
      counts: [
        { successes: 2, attempts: 8 },
        { successes: 2, attempts: 2 },
      ],
    });
  });

  it('has no label for an answer line that is not there', () => {
    const stopped = sample(['Fay has 37+148=185.'], null, false);
    const record = rollouts([trace(true, 1, '156', 'Fay has 185-29=156.'), trace(false, 7, null)]);
    expect(verify(stopped, record, true)).toMatchObject({ labels: [true], answer: null });
    expect(verify(sample([], null, false), rollouts(), true)).toMatchObject({
      labels: [],
      answer: null,
      counts: [],
    });
    expect(verify(sample([], '7', false), undefined, true)).toMatchObject({
      labels: [],
      answer: false,
    });
  });

  it('says 1 exactly where some trace verifies', () => {
    const number = fc.integer({ min: 1, max: 4 });
    const step = fc.tuple(number, number, number).map(([a, b, c]) => `Fay has ${a}+${b}=${c}.`);
    const traces = fc.array(
      fc.record({
        steps: fc.array(step, { maxLength: 2 }),
        answer: number.map(String),
        right: fc.boolean(),
        count: number,
      }),
      { minLength: 1, maxLength: 3 },
    );
    const cases = fc
      .array(fc.tuple(step, traces), { minLength: 1, maxLength: 3 })
      .map((pairs) => [pairs.map(([text]) => text), pairs.map(([, found]) => found)] as const);
    fc.assert(
      fc.property(cases, fc.boolean(), ([steps, found], consistent) => {
        const { labels, counts } = verify(
          sample(steps, '9', false),
          rollouts(...found),
          consistent,
        );
        found.forEach((list, i) => {
          const single = list.flatMap((item) => Array<Trace>(item.count).fill(item));
          const verifying = single.filter(
            (item) => item.right && (!consistent || usesPrefix(steps.slice(0, i + 1), item)),
          );
          expect(labels[i]).toBe(verifying.length > 0);
          expect(counts[i]).toEqual({ successes: verifying.length, attempts: single.length });
        });
      }),
    );
  });
});

describe('propagate', () => {
  it('makes every label before a 1 a 1', () => {
    expect(propagate([false, true, false])).toEqual([true, true, false]);
    expect(propagate([false, false])).toEqual([false, false]);
    expect(propagate([])).toEqual([]);
  });

  it('is 1 exactly where a 1 is at the place or after it', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (labels) => {
        expect(propagate(labels)).toEqual(labels.map((_, i) => labels.slice(i).includes(true)));
      }),
    );
  });
});

describe('firstErrorOf', () => {
  it('is the first step labelled 0, from 1, and -1 where there is none', () => {
    expect(firstErrorOf([true, true, false, false])).toBe(3);
    expect(firstErrorOf([false])).toBe(1);
    expect(firstErrorOf([true, true])).toBe(-1);
    expect(firstErrorOf([])).toBe(-1);
  });

  it('splits propagated labels into ones and zeros', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean()), (labels) => {
        const whole = propagate(labels);
        const flip = firstErrorOf(whole);
        const ones = flip < 0 ? whole.length : flip - 1;
        expect(whole).toEqual(whole.map((_, i) => i < ones));
      }),
    );
  });
});

describe('labelSamples', () => {
  const skipped = sample(
    ['Fay has 37+148=185.', 'Fay has 185.', 'Fay has 185-29=146.'],
    '146',
    false,
  );
  const good = trace(true, 1, '156', 'Fay has 185-29=156.');
  const bad = trace(false, 1, '146');
  const record = rollouts([bad], [good], [bad]);
  const all = [{ ...right, index: 4 }, skipped];
  const labelsBy = (propagation: boolean) =>
    labelSamples(all, [record], { propagation, consistency: true }).map(({ labels }) => labels);

  it('finds the rollouts of each sample, and propagates labels if asked', () => {
    expect(labelsBy(false)).toEqual([
      [true, true],
      [false, true, false],
    ]);
    expect(labelsBy(true)).toEqual([
      [true, true],
      [true, true, false],
    ]);
  });
});

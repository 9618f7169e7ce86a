import { describe, expect, it } from 'vitest';
import type { Candidate, Decision, Source } from '../../../glore/src/refine/decision.js';
import { linesOf, thoughtOf } from './lines.js';
import type { Settings } from './trace.js';
import { sayWhere, sayWhy } from './why.js';

const settings: Settings = {
  ...{ mode: 'rerank', samples: 8, choice: 'orm', threshold: 0.5, tau: 0.83, rounds: 1 },
  budget: {},
};
const candidate = (source: Source, answer: string | null, score: number, least?: number) =>
  ({
    ...{ source, score, tokens: 7, solution: { steps: ['2 + 2 = 4'], answer } },
    ...(least !== undefined && { least }),
  }) satisfies Candidate;
const decided = (candidates: readonly Candidate[], choice: number): Decision => ({
  ...{ values: [0.9, 0.2], location: 2, candidates, choice },
});

describe('why', () => {
  it('gives the figures of all', () => {
    const three = [
      candidate('draft', '5', 0.31),
      candidate('global', '4', 0.94),
      candidate('local', '3', 0.72),
    ];
    expect(sayWhy(decided(three, 1), settings)).toEqual([
      'The global refinement was chosen: the ORM gives it 0.94, the draft 0.31, the local refinement 0.72.',
    ]);
    expect(sayWhy(decided(three, 1), { ...settings, mode: 'gate' })[1]).toBe(
      'The gate had it refined: the ORM gives the draft 0.31, and the gate refines below 0.83.',
    );
  });

  it('tells figures apart that are close, and candidates that are equal', () => {
    const close = [candidate('draft', '5', 0.7001), candidate('global', '4', 0.7004)];
    expect(sayWhy(decided(close, 1), settings, 2)[0]).toBe(
      'The global refinement was chosen: the ORM gives it 0.7004, the best so far 0.7001.',
    );
    const equal = [candidate('draft', '5', 0.7), candidate('global', '4', 0.7)];
    expect(sayWhy(decided(equal, 0), settings)[1]).toBe('Of equal candidates the first is taken.');
    const same = [candidate('draft', '5', 0.7), candidate('global', '5', 0.7)];
    expect(sayWhy(decided(same, 0), settings).slice(1)).toEqual([
      'The global refinement says the same as the draft.',
    ]);
  });

  it('says that the gate kept the draft', () => {
    const kept = { ...decided([candidate('draft', '4', 0.97)], 0), values: [], location: -1 };
    expect(sayWhy(kept, { ...settings, mode: 'gate' })).toEqual([
      'The draft was kept: the ORM gives it 0.97, and the gate refines below 0.83.',
    ]);
  });

  it('has both critics where both choose', () => {
    const two = [candidate('draft', null, 0, 0.2), candidate('global', '4', 0.9, 0.8)];
    expect(sayWhy(decided(two, 1), { ...settings, choice: 'both' })).toEqual([
      'The global refinement was chosen: the critics give it 0.90 (ORM) and 0.80 (SORM), the draft 0.00 (ORM) and 0.20 (SORM).',
      'Both critics choose: what counts is the ORM’s value and the SORM’s least, as log-odds added up.',
      'The draft has no answer, which counts as 0.',
    ]);
  });

  it('counts votes', () => {
    const vote = { ...settings, mode: 'vote', samples: 5 } as const;
    const four = [
      candidate('draft', '5', 1 / 4),
      candidate('sample', '4', 2 / 4),
      candidate('sample', null, 0),
      candidate('sample', '4.0', 2 / 4),
    ];
    expect(sayWhy(decided(four, 1), vote)).toEqual([
      'The answer 4 has 2 of 4 votes; the next has 1. It is shown in the words of sample 1, the first that gave it.',
      'Without an answer: 1.',
      'Of up to 5 solutions 4 were written: no more were needed or paid for.',
    ]);
    const tied = [candidate('draft', '5', 1 / 2), candidate('sample', '4', 1 / 2)];
    expect(sayWhy(decided(tied, 0), { ...vote, samples: 2 })[0]).toContain(
      'another answer has as many, and the one that was given first is taken',
    );
  });

  it('says where', () => {
    const at = { values: [0.9, 0.4996], location: 2 };
    expect(sayWhere(at, settings)).toBe(
      'First error: line 2, the first that the SORM values below 0.5000 (0.4996).',
    );
    expect(sayWhere({ values: [0.9, 0.6], location: -1 }, settings)).toMatch(/^No first error:/);
    expect(sayWhere({ values: [], location: -1 }, settings)).toBeUndefined();
  });
});

describe('linesOf', () => {
  const solution = { steps: ['Step 1: a = 2', 'Step 2: b = 3'], answer: '5' };

  it('has the text as it was written, each step’s lines together', () => {
    const text =
      '<think>\nhm\n</think>\n\nStep 1:\n  a = 2\n\nStep 2: b = 3\n\n**The answer is 5.**\n';
    const [first, second] = ['Step 1:\n  a = 2', 'Step 2: b = 3'] as const;
    const ends = [text.indexOf(first) + first.length, text.indexOf('\n\n**')];
    const written = { solution, original: { text, ends, finished: true } };
    expect(linesOf(written, [0.9, 0.2, 0.4], 2)).toEqual([
      { text: first, value: 0.9, marked: false },
      { text: second, value: 0.2, marked: true },
      { text: '**The answer is 5.**', value: 0.4, marked: false },
    ]);
    expect(thoughtOf(written)).toBe('hm');
  });

  it('has the steps where it is not known where they stand', () => {
    const original = { text: 'whatever', ends: [3], finished: true };
    const plain = ['Step 1: a = 2', 'Step 2: b = 3', '#### 5'];
    expect(linesOf({ solution, original }).map(({ text }) => text)).toEqual(plain);
    expect(linesOf({ solution }).map(({ text }) => text)).toEqual(plain);
  });

  it('has a line for an answer that stands in the last step', () => {
    const text = 'a = 2\nso it is 5';
    const steps = ['a = 2', 'so it is 5'];
    const original = { text, ends: [5, text.length], finished: true };
    const answered = { solution: { steps, answer: '5' }, original };
    expect(linesOf(answered, [0.9, 0.8, 0.7]).at(-1)).toMatchObject({
      ...{ text: 'answer: 5', value: 0.7 },
    });
    expect(linesOf(answered)).toHaveLength(2);
  });
});

import { describe, expect, it } from 'vitest';
import type { Problem } from '../problem/index.js';
import type { Sample } from '../rollout/index.js';
import { chooseRecords } from './choose.js';
import { correctRecords, questionsOf, workedRecords } from './student.js';

const problems: Problem[] = [
  { id: 'p', question: 'What of p?', answer: '5', steps: ['2+3=5.'], structure: 'add' },
  { id: 'q', question: 'What of q?', answer: '6', steps: ['2*3=6.'] },
];
const sample = (problem: string, index: number, right: boolean, step: string): Sample => ({
  problem,
  index,
  seed: 9,
  steps: [step],
  answer: right ? '5' : '7',
  right,
  tokens: 4,
});

describe("the student's records", () => {
  it('are worked solutions with their questions', () => {
    expect(workedRecords(problems)).toEqual([
      { problem: 'p', question: 'What of p?', steps: ['2+3=5.'], answer: '5' },
      { problem: 'q', question: 'What of q?', steps: ['2*3=6.'], answer: '6' },
    ]);
  });

  it('are right samples, each spelling of a problem once', () => {
    const samples = [
      sample('p', 0, true, 'a'),
      sample('q', 0, true, 'a'),
      sample('p', 1, false, 'b'),
      sample('p', 2, true, 'a'),
      sample('p', 3, true, 'c'),
    ];
    expect(correctRecords(samples, questionsOf(problems))).toEqual([
      { problem: 'p', question: 'What of p?', steps: ['a'], answer: '5' },
      { problem: 'p', question: 'What of p?', steps: ['c'], answer: '5' },
      { problem: 'q', question: 'What of q?', steps: ['a'], answer: '5' },
    ]);
  });
});

describe('chooseRecords', () => {
  const records = Array.from({ length: 30 }, (_, i) => i);

  it('takes the first of an order that the seed gives', () => {
    const all = chooseRecords(records, 'seed');
    expect(all.toSorted((a, b) => a - b)).toEqual(records);
    expect(chooseRecords(records, 'seed', 7)).toEqual(all.slice(0, 7));
    expect(chooseRecords(records, 'seed', 100)).toEqual(all);
    expect(chooseRecords(records, 'other')).not.toEqual(all);
  });
});

import { describe, expect, it } from 'vitest';
import type { RewardRecord } from '../../dataset/index.js';
import { prefixTruth } from '../../evaluate/index.js';
import type { LabelledSample } from '../../label/index.js';
import { difficulty, generateProblems, type Problem } from '../../problem/index.js';
import { doubtSummary, labelSummary } from './truth.js';

const [problem] = generateProblems({
  split: 'train',
  count: 1,
  seed: 4,
  settings: { ...difficulty(0.2), steps: [3, 3] },
}) as [Problem];
const { truth: _, ...unknown } = problem;
const right = { problem: problem.id, steps: problem.steps };
/** The second line is nonsense, so the truth of its prefixes is true, false, false. */
const wrong = {
  problem: problem.id,
  steps: problem.steps.map((step, i) => (i === 1 ? 'So nothing.' : step)),
};
const labelled = (labels: boolean[], answer: boolean): LabelledSample => ({
  problem: problem.id,
  sample: 0,
  labels,
  answer,
  counts: [],
});

it('has a right and a wrong solution to count on', () => {
  expect(prefixTruth(problem, right.steps)).toEqual([true, true, true]);
  expect(prefixTruth(problem, wrong.steps)).toEqual([true, false, false]);
});

describe('labelSummary', () => {
  const labels = [
    labelled([true, true, true], true),
    labelled([true, true, false], false),
    labelled([true, false, false], false),
  ];
  const samples = [right, wrong, wrong];

  it('counts labels as the truth, of wrong samples alone, and their first errors', () => {
    expect(labelSummary(labels, samples, [problem])).toEqual({
      labels: 9,
      positive: 6 / 9,
      accuracy: 8 / 9,
      accuracyOfWrong: 5 / 6,
      firstErrors: 1 / 2,
    });
  });

  it('says nothing of the truth where it is not known, or where there is nothing to count', () => {
    const none = { accuracy: null, accuracyOfWrong: null, firstErrors: null };
    expect(labelSummary(labels, samples, [unknown])).toMatchObject(none);
    expect(labelSummary([], [], [problem])).toEqual({ labels: 0, positive: 0, ...none });
    expect(labelSummary(labels.slice(0, 1), [right], [problem])).toMatchObject({
      accuracy: 1,
      accuracyOfWrong: null,
      firstErrors: null,
    });
  });
});

describe('doubtSummary', () => {
  const records: RewardRecord[] = [
    { ...wrong, question: problem.question, answer: '0', labels: [true, true, null, true] },
    {
      ...right,
      question: problem.question,
      answer: problem.answer,
      labels: [true, false, true, true],
    },
  ];
  const doubted = [
    [false, true, false, true],
    [true, false, false, false],
  ];

  it('counts doubts, those of steps, and those of wrong steps', () => {
    expect(doubtSummary(records, doubted, [problem])).toEqual({
      positive: 6,
      doubted: 3,
      doubtedSteps: 2,
      wrongSteps: 1,
    });
    expect(doubtSummary(records, doubted, [unknown])).toMatchObject({
      doubtedSteps: 2,
      wrongSteps: null,
    });
  });
});

import { describe, expect, it } from 'vitest';
import type { RewardRecord } from '../dataset/index.js';
import { trainSorm } from './sorm.js';

const record = (problem: string, ...labels: (boolean | null)[]): RewardRecord => ({
  problem,
  question: `${problem}?`,
  steps: labels.map((_, i) => `step ${i + 1}`),
  answer: null,
  labels,
});
const records = [record('p', true, true, false), record('q', true, null), record('r', false)];
/** Of each line: the second of `p` is doubted, and all of `q`. */
const values = [[0.9, 0.2, 0.1], [0.24, 0.1], [0.1]];

/** A model here is the text of what it has come from: its start and the labels that it has learned. */
const fineTune = async (start: string, set: readonly RewardRecord[], phase: string) =>
  `${start} +${phase}: ${set.map((one) => `${one.problem} ${one.labels.map((label) => (label === null ? '.' : label ? '+' : '-')).join('')}`).join(', ')}`;

describe('trainSorm', () => {
  it('goes on from a first SORM, without the positive labels that it doubts', async () => {
    const valued: string[] = [];
    const doubts: (readonly (readonly boolean[])[])[] = [];
    const sorm = await trainSorm('student', records, 0.25, {
      fineTune,
      values: async (model, set) => {
        expect(set).toBe(records);
        valued.push(model);
        return values;
      },
      onDoubt: async (doubted) => {
        doubts.push(doubted);
      },
    });
    const first = 'student +first: p ++-, q +., r -';
    expect(valued).toEqual([first]);
    expect(doubts).toEqual([[[false, true, false], [true, false], [false]]]);
    // A record of which nothing is left is gone.
    expect(sorm).toBe(`${first} +last: p +.-, r -`);
  });

  it('learns from all labels at once where none is to be doubted', async () => {
    const sorm = await trainSorm('student', records, 0, {
      fineTune,
      values: () => Promise.reject(new Error('expected no values to be asked for')),
    });
    expect(sorm).toBe('student +last: p ++-, q +., r -');
  });
});

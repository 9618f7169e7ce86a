import { describe, expect, it } from 'vitest';
import type { StudentRecord } from '../dataset/index.js';
import type { Problem } from '../problem/index.js';
import type { Sample } from '../rollout/index.js';
import { expertIteration } from './expert-iteration.js';

const problem = (id: string): Problem => ({ id, question: `${id}?`, answer: '5', steps: [] });
const sampleOf = (id: string, index: number, step: string, right: boolean): Sample => ({
  problem: id,
  index,
  seed: index,
  steps: [step],
  answer: right ? '5' : '6',
  right,
  tokens: 7,
});
const worked: StudentRecord[] = [{ problem: 'w', question: 'w?', steps: ['2+3=5.'], answer: '5' }];
const rounds = [[problem('p'), problem('q')], [problem('r')]];

/** A model here is the text of what it has come from: its start and the solutions that it has learned. */
const fineTune = async (base: string, records: readonly StudentRecord[], round: number) =>
  `${base} +${round}: ${records.map((record) => `${record.problem} ${record.steps}`).join(', ')}`;
/** One solution twice, the same in another spelling, and a wrong one, of each problem. */
const sample = async (_: string, problems: readonly Problem[]) =>
  problems.flatMap(({ id }) => [
    sampleOf(id, 0, 'so 5.', true),
    sampleOf(id, 1, 'so 6.', false),
    sampleOf(id, 2, 'so 5.', true),
    sampleOf(id, 3, 'thus 5.', true),
  ]);

describe('expertIteration', () => {
  it('fine-tunes the base each time, on the correct and distinct samples of all rounds', async () => {
    const student = await expertIteration('base', worked, rounds, { fineTune, sample });
    expect(student).toBe(
      'base +2: w 2+3=5., p so 5., p thus 5., q so 5., q thus 5., r so 5., r thus 5.',
    );
  });

  it('samples each round with the student of the round before, and tells what it found', async () => {
    const students: [string, number, string[]][] = [];
    const told: [number, number, number][] = [];
    await expertIteration('base', worked, rounds, {
      fineTune,
      sample: (student, problems, round) => {
        students.push([student, round, problems.map(({ id }) => id)]);
        return sample(student, problems);
      },
      onRound: async (round, samples, records) => {
        told.push([round, samples.length, records.length]);
      },
    });
    expect(students).toEqual([
      ['base +0: w 2+3=5.', 1, ['p', 'q']],
      ['base +1: w 2+3=5., p so 5., p thus 5., q so 5., q thus 5.', 2, ['r']],
    ]);
    expect(told).toEqual([
      [1, 8, 5],
      [2, 4, 7],
    ]);
  });

  it('ends early where a student is enough, and is told of the last one too', async () => {
    const asked: [string, number][] = [];
    const until = (last: number) =>
      expertIteration('base', worked, rounds, {
        fineTune,
        sample,
        enough: async (student, round) => {
          asked.push([student.slice(0, 7), round]);
          return round === last;
        },
      });
    expect(await until(1)).toBe('base +1: w 2+3=5., p so 5., p thus 5., q so 5., q thus 5.');
    expect(asked.splice(0)).toEqual([
      ['base +0', 0],
      ['base +1', 1],
    ]);
    expect(await until(0)).toBe('base +0: w 2+3=5.');
    asked.splice(0);
    await until(9);
    expect(asked.map(([, round]) => round)).toEqual([0, 1, 2]);
  });

  it('learns what rounds of the same problems find once', async () => {
    const same = [[problem('p')], [problem('p')]];
    const student = await expertIteration('base', worked, same, { fineTune, sample });
    expect(student).toBe('base +2: w 2+3=5., p so 5., p thus 5.');
  });

  it('takes a round of very many samples', async () => {
    const samples = Array.from({ length: 200_000 }, () => sampleOf('p', 0, 'so 6.', false));
    const student = await expertIteration('base', worked, [[problem('p')]], {
      fineTune,
      sample: async () => [...samples, sampleOf('p', 1, 'so 5.', true)],
    });
    expect(student).toBe('base +1: w 2+3=5., p so 5.');
  });

  it('is SFT alone without rounds', async () => {
    expect(await expertIteration('base', worked, [], { fineTune, sample })).toBe(
      'base +0: w 2+3=5.',
    );
  });
});

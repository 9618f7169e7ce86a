import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodec } from '../codec/index.js';
import { type LanguageModel, openEmbedded, Student } from '../model/index.js';
import { difficulty, generateProblems, type Problem } from '../problem/index.js';
import { isRight, learnedFrom, sampleSolutions, seedOf } from './sample.js';

const easy = generateProblems({ split: 'train', count: 8, seed: 8, settings: difficulty(0.2) });
/** The last one's gold answer is one that no sample gives, so that some samples are wrong. */
const problems: Problem[] = [...easy.slice(0, 7), { ...easy[7]!, answer: '-1' }];
const options = { count: 3, temperature: 1, seed: 'test' };

let model: LanguageModel;
let student: Student;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  model = await openEmbedded(base, 1);
  student = new Student(model.author(createCodec(openTokenizer(base.tokenizer))), 60);
});
afterAll(() => model.close());

describe('sampleSolutions', () => {
  it('names, seeds and judges each sample', async () => {
    const samples = await sampleSolutions(student, problems, options);
    expect(samples.map(({ problem, index }) => [problem, index])).toEqual(
      problems.flatMap(({ id }) => [0, 1, 2].map((index) => [id, index])),
    );
    expect(new Set(samples.map(({ seed }) => seed)).size).toBe(24);
    const problemOf = (id: string) => problems.find((problem) => problem.id === id)!;
    // The seed alone makes a sample again.
    const again = await student.sample(
      samples.map(({ problem, seed }) => ({
        question: problemOf(problem).question,
        seeds: [seed],
      })),
      options.temperature,
    );
    for (const [i, { problem, index, seed, steps, answer, right, tokens }] of samples.entries()) {
      expect(seed).toBe(seedOf('test', problem, index));
      expect(again[i]).toEqual([{ steps, answer, tokens }]);
      // The built-in world's answers are numbers as they are printed.
      expect(right).toBe(answer === problemOf(problem).answer);
    }
    expect(new Set(samples.map(({ right }) => right)).size).toBe(2);
  });

  it('samples the same whatever the unit of work, and more samples only add to them', async () => {
    const together = await sampleSolutions(student, problems, options);
    const apart = [
      ...(await sampleSolutions(student, problems.slice(0, 2), options)),
      ...(await sampleSolutions(student, problems.slice(2), options)),
    ];
    expect(apart).toEqual(together);
    const fewer = await sampleSolutions(student, problems, { ...options, count: 2 });
    expect(fewer).toEqual(together.filter(({ index }) => index < 2));
    const other = await sampleSolutions(student, problems, { ...options, seed: 'other' });
    expect(other.map(({ steps }) => steps)).not.toEqual(together.map(({ steps }) => steps));
  });
});

describe('problems that were sampled on', () => {
  const [count, most] = [2, 14];
  const further = { most, temperature: options.temperature };

  it('are those of which no sample was right, until one is or there are as many as wanted', async () => {
    const many = await sampleSolutions(student, problems, { ...options, count: most });
    const samples = await sampleSolutions(student, problems, { ...options, count, further });
    // Waves of 2, 2, 4, and what is left of 14; what is drawn is what more samples of all would have been.
    const expected = problems.map(({ id }) => {
      const own = many.filter(({ problem }) => problem === id);
      const wave = [2, 4, 8].find((size) => own.slice(0, size).some(({ right }) => right));
      return own.slice(0, wave ?? most);
    });
    expect(samples).toEqual(expected.flat());
    expect(expected.at(-1)!.length).toBe(most);
    expect(new Set(expected.map(({ length }) => length)).size).toBeGreaterThan(1);
  });

  it('may be sampled at another temperature then', async () => {
    const alike = await sampleSolutions(student, problems, { ...options, count, further });
    const hotter = await sampleSolutions(student, problems, {
      ...options,
      count,
      further: { most, temperature: 2 },
    });
    const first = ({ index }: { index: number }) => index < count;
    expect(hotter.filter(first)).toEqual(alike.filter(first));
    expect(hotter).not.toEqual(alike);
  });

  it('are learned from as much as others, and from every right sample', async () => {
    const samples = await sampleSolutions(student, problems, { ...options, count, further });
    const learned = learnedFrom(samples, count);
    for (const { id } of problems) {
      const own = learned.filter(({ problem }) => problem === id);
      expect(own.filter(({ right }) => !right).length).toBeLessThanOrEqual(count);
    }
    expect(learned.filter(({ right }) => right)).toEqual(samples.filter(({ right }) => right));
    expect(learned.length).toBeLessThan(samples.length);
  });
});

describe('isRight', () => {
  const problem: Problem = { id: 'p', question: 'How many?', answer: '1,080', steps: [] };

  it('compares answers by value, and a missing one is wrong', () => {
    expect(isRight(problem, '1080')).toBe(true);
    expect(isRight(problem, '1080 shells')).toBe(true);
    expect(isRight(problem, '108')).toBe(false);
    expect(isRight(problem, null)).toBe(false);
  });
});

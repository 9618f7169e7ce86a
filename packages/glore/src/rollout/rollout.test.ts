import { fileURLToPath } from 'node:url';
import { loadCheckpoint, openTokenizer } from '@glore/engine';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCodec } from '../codec/index.js';
import { type LanguageModel, openEmbedded, Student } from '../model/index.js';
import { difficulty, generateProblems, type Problem } from '../problem/index.js';
import { alsoRollouts, rolloutsFrom } from './rollout.js';
import { isRight, type Sample, seedOf } from './sample.js';

const settings = { ...difficulty(0.4), steps: [2, 3] } as const;
const problems = generateProblems({ split: 'train', count: 3, seed: 8, settings });
const options = { count: 6, temperature: 1.5, seed: 'test' };

/** The worked solution; `slip` makes its first result wrong. */
const sampleOf = (problem: Problem, index: number, slip = false): Sample => {
  const steps = problem.steps.map((step) => step.replace(/<<.*>>/, ''));
  if (slip) steps[0] = steps[0]!.replace(/=\d+/, (result) => `${result}1`);
  return { problem: problem.id, index, seed: 0, steps, answer: '0', right: false, tokens: 0 };
};
const items = [
  { problem: problems[0]!, sample: sampleOf(problems[0]!, 0) },
  { problem: problems[0]!, sample: sampleOf(problems[0]!, 4, true) },
  { problem: problems[1]!, sample: sampleOf(problems[1]!, 1) },
  { problem: problems[2]!, sample: { ...sampleOf(problems[2]!, 2), steps: [] } },
];

let model: LanguageModel;
let student: Student;
beforeAll(async () => {
  const folder = fileURLToPath(new URL('../../../../checkpoints/base', import.meta.url));
  const base = await loadCheckpoint(folder);
  model = await openEmbedded(base, 1);
  student = new Student(model.author(createCodec(openTokenizer(base.tokenizer))), 60);
});
afterAll(() => model.close());

describe('rolloutsFrom', () => {
  it('counts the distinct continuations of each prefix', async () => {
    const records = await rolloutsFrom(student, items, options);
    expect(records.map(({ problem, sample }) => [problem, sample])).toEqual(
      items.map(({ problem, sample }) => [problem.id, sample.index]),
    );
    const rights: boolean[] = [];
    for (const [i, { problem, sample }] of items.entries()) {
      const { prefixes, tokens } = records[i]!;
      expect(prefixes.map(({ length }) => length)).toEqual(sample.steps.map((_, k) => k + 1));
      let generated = 0;
      for (const { length, attempts, traces } of prefixes) {
        const seeds = Array.from({ length: 6 }, (_, k) =>
          seedOf('test', problem.id, sample.index, length, k),
        );
        const [written] = await student.rollout(
          [{ question: problem.question, steps: sample.steps, prefixes: [{ length, seeds }] }],
          options.temperature,
        );
        const drawn = written![0]!;
        generated += drawn.reduce((sum, rollout) => sum + rollout.tokens, 0);
        const texts = drawn.map(({ steps, answer }) => JSON.stringify([steps, answer]));
        expect(attempts).toBe(6);
        // Each spelling once, in the order drawn, with the number of times it was drawn.
        expect(traces.map(({ steps, answer }) => JSON.stringify([steps, answer]))).toEqual([
          ...new Set(texts),
        ]);
        for (const { steps, answer, right, count } of traces) {
          expect(count).toBe(texts.filter((t) => t === JSON.stringify([steps, answer])).length);
          expect(right).toBe(isRight(problem, answer));
          rights.push(right);
        }
      }
      expect(tokens).toBe(generated);
    }
    // Both kinds occur: the base mostly finishes a right prefix rightly, and a slip stays.
    expect(new Set(rights).size).toBe(2);
    expect(records[3]).toMatchObject({ prefixes: [], tokens: 0 });
  });

  it('knows what other samples of the problem that begin alike say, besides what it draws', async () => {
    const [{ problem, sample }] = items as [(typeof items)[0]];
    const { steps, answer } = problem;
    const whole = sampleOf(problem, 1).steps;
    const right = { ...sampleOf(problem, 1), answer, right: true };
    // One step in common, and the sample itself, which says nothing.
    const other = { ...sampleOf(problem, 2), steps: [whole[0]!, 'So nothing.'] };
    const drafts = new Map([[problem.id, [sample, right, other]]]);
    const [[alone], [record]] = await Promise.all([
      rolloutsFrom(student, [items[0]!], options),
      rolloutsFrom(student, [items[0]!], { ...options, drafts }),
    ]);
    expect(record!.tokens).toBe(alone!.tokens);
    expect(record!.prefixes.map(({ attempts }) => attempts)).toEqual(
      steps.map((_, k) => (k === 0 ? 8 : 7)),
    );
    const timesOf = (of: typeof record, length: number, rest: readonly string[]) =>
      of!.prefixes[length - 1]!.traces.find(
        (trace) => JSON.stringify(trace.steps) === JSON.stringify(rest) && trace.answer === answer,
      )?.count ?? 0;
    for (const length of steps.keys()) {
      const rest = whole.slice(length + 1);
      expect(timesOf(record, length + 1, rest)).toBe(timesOf(alone, length + 1, rest) + 1);
    }
  });

  it('draws the same whatever the unit of work, and other rollouts for another seed', async () => {
    const together = await rolloutsFrom(student, items, options);
    const apart = [
      ...(await rolloutsFrom(student, items.slice(3), options)),
      ...(await rolloutsFrom(student, items.slice(0, 3), options)),
    ];
    expect([...apart.slice(1), apart[0]]).toEqual(together);
    const other = await rolloutsFrom(student, items, { ...options, seed: 'other' });
    expect(other).not.toEqual(together);
  });
});

describe('samples that are rollouts too', () => {
  const samples = [
    sampleOf(problems[0]!, 0),
    { ...sampleOf(problems[0]!, 1), right: true },
    { ...sampleOf(problems[1]!, 2), right: true },
  ];

  it('are all of them at the temperature of rollouts, and at another the right ones', () => {
    const of = (sampledAt: number) =>
      [...alsoRollouts(samples, { sampledAt, temperature: 1 })].map(([problem, group]) => [
        problem,
        group.map(({ index }) => index),
      ]);
    const [first, second] = problems as [Problem, Problem];
    expect(of(1)).toEqual([
      [first.id, [0, 1]],
      [second.id, [2]],
    ]);
    expect(of(0.7)).toEqual([
      [first.id, [1]],
      [second.id, [2]],
    ]);
  });
});

/** Sampled solutions of problems, judged by their final answers. */
import { z } from 'zod';
import { type Solution, solutionFields } from '../codec/index.js';
import { count, text } from '../files/index.js';
import type { Generated, Student } from '../model/index.js';
import { hash32, type Problem } from '../problem/index.js';
import { sameAnswer } from '../reading/index.js';

/** One sampled solution; `problem`, `index` and `seed` name it. */
export interface Sample extends Solution {
  readonly problem: string;
  readonly index: number;
  readonly seed: number;
  readonly right: boolean;
  /** Generated tokens. */
  readonly tokens: number;
}

/** What is right has an answer. */
export const answered = <R extends { readonly right: boolean; readonly answer: string | null }>(
  shape: z.ZodType<R>,
): z.ZodType<R> =>
  shape.refine(({ right, answer }) => !right || answer !== null, {
    path: ['right'],
    error: 'false, since there is no answer',
  });

/** A sample as it stands in records. */
export const sampleShape: z.ZodType<Sample> = answered(
  z.object({
    problem: text,
    index: count,
    seed: count,
    ...solutionFields,
    right: z.boolean(),
    tokens: count,
  }),
);

/** The seed of everything random about one thing, from names and numbers that identify it. */
export const seedOf = (...key: readonly (string | number)[]): number => hash32(key.join('/'));

export const isRight = (problem: Problem, answer: string | null): boolean =>
  answer !== null && sameAnswer(problem.answer, answer);

/** A generated solution as a sample of a problem. */
export const judged = (
  problem: Problem,
  { steps, answer, tokens }: Generated,
  index: number,
  seed: number,
): Sample => ({
  problem: problem.id,
  index,
  seed,
  steps,
  answer,
  right: isRight(problem, answer),
  tokens,
});

export interface SampleOptions {
  /** Samples of each problem. */
  readonly count: number;
  readonly temperature: number;
  /** A problem of which none of these is right is sampled on until one is, but `most` times in all. */
  readonly further?: { readonly most: number; readonly temperature: number } | null | undefined;
  readonly seed: string;
}

/** The samples of each problem, in order: `count` of them, and further ones where none is right. */
export async function sampleSolutions(
  student: Pick<Student, 'sample'>,
  problems: readonly Problem[],
  { count, temperature, further, seed }: SampleOptions,
): Promise<Sample[]> {
  const samples = new Map<Problem, Sample[]>(problems.map((problem) => [problem, []]));
  const later = further ?? { most: count, temperature };
  let [open, made] = [problems, 0];
  // Each wave is as large as all before it: few are wasted, and few waves are needed.
  for (let next = count; open.length > 0 && next > 0; next = Math.min(made, later.most - made)) {
    const requests = open.map(({ id, question }) => ({
      question,
      seeds: Array.from({ length: next }, (_, k) => seedOf(seed, id, made + k)),
    }));
    const written = await student.sample(requests, made === 0 ? temperature : later.temperature);
    for (const [i, problem] of open.entries()) {
      const wave = written[i]!.map((solution, k) =>
        judged(problem, solution, made + k, requests[i]!.seeds[k]!),
      );
      samples.get(problem)!.push(...wave);
    }
    open = open.filter((problem) => !samples.get(problem)!.some(({ right }) => right));
    made += next;
  }
  return problems.flatMap((problem) => samples.get(problem)!);
}

/**
 * What is learned from: the first `count` samples of each problem and every right one. Of a problem that was sampled on
 * the further wrong ones would only outnumber those of the others.
 */
export const learnedFrom = (samples: readonly Sample[], count: number): Sample[] =>
  samples.filter(({ index, right }) => index < count || right);

/** Names a sample among those of all problems. */
export const sampleKey = (problem: string, index: number): string => `${problem}#${index}`;

/** Samples by their keys. */
export const byKey = (samples: readonly Sample[]): Map<string, Sample> =>
  new Map(samples.map((sample) => [sampleKey(sample.problem, sample.index), sample]));

/** The samples of each problem. */
export function byProblem(samples: readonly Sample[]): Map<string, Sample[]> {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const group = groups.get(sample.problem);
    if (group) group.push(sample);
    else groups.set(sample.problem, [sample]);
  }
  return groups;
}

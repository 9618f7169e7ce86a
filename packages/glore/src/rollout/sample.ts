/** Sampled solutions of problems, judged by their final answers. */
import type { Solution } from '../codec/index.js';
import type { Student } from '../model/index.js';
import { hash32, type Problem, sameAnswer } from '../problem/index.js';

/** One sampled solution; `problem`, `index` and `seed` name it. */
export interface Sample {
  readonly problem: string;
  readonly index: number;
  readonly seed: number;
  readonly steps: readonly string[];
  /** Null if the sample has no answer. */
  readonly answer: string | null;
  readonly right: boolean;
  /** Generated tokens. */
  readonly tokens: number;
}

export const solutionOf = ({ steps, answer }: Pick<Sample, 'steps' | 'answer'>): Solution => ({
  steps,
  answer: answer ?? undefined,
});

/** The seed of everything random about one thing, from names and numbers that identify it. */
export const seedOf = (...key: readonly (string | number)[]): number => hash32(key.join('/'));

export const isRight = (problem: Problem, answer: string | undefined): boolean =>
  answer !== undefined && sameAnswer(problem.answer, answer);

/** `count` samples for each problem, in order. */
export async function sampleSolutions(
  student: Student,
  problems: readonly Problem[],
  options: { readonly count: number; readonly temperature: number; readonly seed: string },
): Promise<Sample[]> {
  const { count, temperature, seed } = options;
  const requests = problems.map(({ id, question }) => ({
    question,
    seeds: Array.from({ length: count }, (_, index) => seedOf(seed, id, index)),
  }));
  const written = await student.sample(requests, temperature);
  return problems.flatMap((problem, i) =>
    written[i]!.map(({ steps, answer, tokens }, index) => ({
      problem: problem.id,
      index,
      seed: requests[i]!.seeds[index]!,
      steps,
      answer: answer ?? null,
      right: isRight(problem, answer),
      tokens,
    })),
  );
}

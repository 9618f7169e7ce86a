/** The training set of the student: worked solutions, and what it has solved itself. */
import { distinct, solutionIn } from '../codec/index.js';
import type { Problem } from '../problem/index.js';
import { byProblem, type Sample } from '../rollout/index.js';
import type { StudentRecord } from './records.js';

/** Worked solutions, which the first student learns from. */
export const workedRecords = (problems: readonly Problem[]): StudentRecord[] =>
  problems.map(({ id, question, steps, answer }) => ({ problem: id, question, steps, answer }));

/** Correct and distinct samples. */
export const correctRecords = (
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
): StudentRecord[] =>
  [...byProblem(samples.filter(({ right }) => right))].flatMap(([problem, group]) =>
    distinct(group).map((sample) => ({
      problem,
      question: questions.get(problem)!,
      ...solutionIn(sample),
    })),
  );

/** The questions of problems by id, which records are written with. */
export const questionsOf = (problems: readonly Problem[]): Map<string, string> =>
  new Map(problems.map(({ id, question }) => [id, question]));

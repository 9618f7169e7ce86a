/** The sets of problems that a run has: one list, which making them, the stages that read them and plans go by. */
import type { Split } from '../problem/index.js';
import { learns, type Recipe } from '../recipe/index.js';

export interface ProblemSet {
  readonly name: string;
  /** The stage that reads it first. */
  readonly reader: 'student' | 'drafts' | 'candidates' | 'evaluation';
  readonly split: Split;
  /** Problems wanted; Infinity for all that there are. */
  readonly count: number;
  /** Added to the seed of problems that are generated, so that no two sets of a split have the same. */
  readonly offset: number;
}

/** Training problems are fresh for each use; of files a student that learns nothing here uses none. */
export function setsOf(recipe: Recipe): ProblemSet[] {
  const { problems, student, drafts, training } = recipe;
  const { sft, expertIteration } = student;
  const { problems: each, rounds } = expertIteration;
  const idle = problems.source !== 'world' && !learns(recipe, 'student');
  // Rounds on the problems of the drafts have none of their own.
  const fresh = idle || each === 'drafts' ? [] : Array.from({ length: rounds }, () => each);
  const set = (
    name: string,
    reader: ProblemSet['reader'],
    split: Split,
    count: number,
    offset: number,
  ) => ({ name, reader, split, count, offset });
  return [
    set('sft', 'student', 'train', sft.problems, 1),
    ...fresh.map((count, i) => set(`ei-${i + 1}`, 'student', 'train', count, 11 + i)),
    set('train', 'drafts', 'train', drafts.problems, 2),
    set('candidates', 'candidates', 'train', training.orm.candidates, 4),
    set('dev', 'evaluation', 'dev', problems.dev, 3),
    set('test', 'evaluation', 'test', problems.test ?? Infinity, 4),
  ];
}

/** The set of problems of each round of Expert Iteration. */
export const roundSets = ({ student: { expertIteration } }: Recipe): string[] =>
  Array.from({ length: expertIteration.rounds }, (_, i) =>
    expertIteration.problems === 'drafts' ? 'train' : `ei-${i + 1}`,
  );

/** The sets that a stage reads, some of which another one reads first; a student that is not trained learns from none. */
export function setsRead(recipe: Recipe, stage: string): ProblemSet[] {
  if (stage !== 'student') return setsOf(recipe).filter(({ reader }) => reader === stage);
  if (!learns(recipe, 'student')) return [];
  const { until } = recipe.student.expertIteration;
  const read = new Set(['sft', ...roundSets(recipe), ...(until === undefined ? [] : ['dev'])]);
  return setsOf(recipe).filter(({ name }) => read.has(name));
}

/** The sets of problems that a run has: one list, which making them, the stages that read them and plans go by. */
import type { Split } from '../problem/index.js';
import type { Recipe } from '../recipe/index.js';

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

/** Training problems are fresh for each use; of files a served student uses none. */
export function setsOf({ problems, student, drafts, training, models }: Recipe): ProblemSet[] {
  const { sft, expertIteration } = student;
  const rounds = problems.source !== 'world' && models?.student ? 0 : expertIteration.rounds;
  const set = (
    name: string,
    reader: ProblemSet['reader'],
    split: Split,
    count: number,
    offset: number,
  ) => ({ name, reader, split, count, offset });
  return [
    set('sft', 'student', 'train', sft.problems, 1),
    ...Array.from({ length: rounds }, (_, i) =>
      set(`ei-${i + 1}`, 'student', 'train', expertIteration.problems, 11 + i),
    ),
    set('train', 'drafts', 'train', drafts.problems, 2),
    set('candidates', 'candidates', 'train', training.orm.candidates, 4),
    set('dev', 'evaluation', 'dev', problems.dev, 3),
    set('test', 'evaluation', 'test', problems.test ?? Infinity, 4),
  ];
}

/** The sets that a stage reads; a served student learns from none. */
export const setsRead = (recipe: Recipe, stage: string): ProblemSet[] =>
  stage === 'student' && recipe.models?.student
    ? []
    : setsOf(recipe).filter(({ reader }) => reader === stage);

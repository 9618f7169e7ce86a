/** How the labels and targets of exported sets were made, in the card's sentences; what a recipe may change follows it. */
import type { OrmBalance } from '../dataset/index.js';
import { percent } from '../evaluate/index.js';
import { type LabelSummary, type Run, readLabelSummary } from '../pipeline/index.js';
import { learns, type Recipe } from '../recipe/index.js';

export function studentOrigin(recipe: Recipe): string {
  const { student } = recipe;
  if (!learns(recipe, 'student')) {
    return 'Worked solutions. The student was served, not trained: its correct samples are in the set `plain`.';
  }
  const parts = [
    ...(student.sft.problems > 0 ? ['worked solutions'] : []),
    ...(student.expertIteration.rounds > 0
      ? ['the correct and distinct samples of each round of Expert Iteration']
      : []),
  ];
  const all = parts.join(', and ') || 'nothing: the student is the base';
  return `${all[0]?.toUpperCase()}${all.slice(1)}.`;
}

const globalTarget: Record<Recipe['pairing'], string> = {
  nearest: 'the right sample of the same problem with the smallest edit distance in lines',
  random: 'a right sample of the same problem, whichever was drawn at random',
};

export const globalOrigin = ({ pairing }: Recipe): string =>
  `Drafts are distinct wrong samples of the student; the target is ${globalTarget[pairing]}.`;

export const localOrigin = ({ localPairs }: Recipe): string =>
  `Drafts are wrong samples, and failing rollouts joined to the prefix they came from (at most ${localPairs} for one sample), with \`[BAD]\` before the first line whose label is negative. The target goes on from the lines before it to the right answer: the rest of a rollout that uses their results, or of a right sample.`;

/** Which refiners mix plain solving in, the recipe says; one that is served is not trained. */
export function plainOrigin({ training, models }: Recipe): string {
  const mixing = (['global', 'local'] as const).filter(
    (role) => training[role].plain > 0 && !models?.[role],
  );
  const use =
    mixing.length === 0
      ? '; no refiner of this recipe learns from them'
      : `, of which the training of the ${mixing.join(' and the ')} refiner mixes some in`;
  return `Correct and distinct samples of the student${use}.`;
}

const ormBalance: Record<OrmBalance, string> = {
  answer: 'as many right as wrong samples, the surplus left out',
  problem: 'of each problem with both, as many right as wrong samples, the rarer kind repeated',
  prefix: 'as many right as wrong samples, and as many positive as negative labels at each line',
};

export function ormOrigin({ training: { orm }, models }: Recipe): string {
  const further =
    orm.candidates > 0 && !models?.orm
      ? ` The ORM of this recipe also learns from the drafts and refinements of ${orm.candidates} further problems, which are not here.`
      : '';
  return `Every line of a sample has the label of its final answer (dense). Balance: ${ormBalance[orm.balance]}. The labels are exact: the answer is compared with the problem's.${further}`;
}

/** The rollouts that a label follows from. */
const evidence: Record<Recipe['rollouts']['method'], (count: number) => string> = {
  brute: (count) =>
    `of ${count} rollouts of the student from the prefix that the step ends, or of its other samples that pass through that prefix,`,
  adaptive: (count) =>
    `known rollout of the student from the prefix that the step ends (at most ${count} drawn there, and only from the prefixes on which a label hangs; rollouts and samples of the problem that pass through the prefix count as well)`,
};

/** The method by which steps are labelled. @param balanced whether the labels at each line are balanced */
export function labelMethod({ labels, rollouts }: Recipe, balanced: boolean): string {
  const transforms = [
    ...(labels.consistency
      ? ['consistency (a trace counts only if it uses every result of the prefix)']
      : []),
    ...(labels.propagation
      ? ['propagation (a positive label makes those before it positive)']
      : []),
    ...(balanced ? ['balance (as many positive as negative labels at each line)'] : []),
  ];
  return `A step of a wrong sample is positive if any ${evidence[rollouts.method](rollouts.count)} reaches the right answer; a right sample counts as such a trace of its own prefixes. The answer line is positive if the answer is right. Transforms: ${transforms.join('; ') || 'none'}.`;
}

/** How good the labels of steps are. */
export function labelAccuracy(
  { labels, accuracy, accuracyOfWrong }: LabelSummary,
  balanced: boolean,
): string {
  if (accuracy === null) return 'How many of these labels are true is not known.';
  const ofWrong =
    accuracyOfWrong === null
      ? ''
      : `; of those of wrong samples, which rollouts decide, ${percent(accuracyOfWrong)}`;
  return `Of ${labels} labels of steps${balanced ? ', before balance,' : ''} ${percent(accuracy)} are true${ofWrong}.`;
}

/** How the labels of steps were made, and how good they are. */
export async function labelOrigin(
  run: Run,
  { balanced }: { readonly balanced: boolean },
): Promise<string> {
  const summary = await readLabelSummary(run.folder);
  return `${labelMethod(run.recipe, balanced)} ${labelAccuracy(summary, balanced)}`;
}

/** @param all drafts that there were @param left those that are in the set */
export function judgedOrigin(split: string, all: number, left: number): string {
  const out =
    left === all
      ? ''
      : ` ${all - left} of ${all} are left out: the truth of their steps is not known, or they stop without an answer and without a wrong step.`;
  return `The student's greedy solutions of ${split} problems; the first error is exact, since the steps of these problems can be judged.${out}`;
}

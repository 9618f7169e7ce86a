/** What labels, and doubts about them, are worth: counted against the truth of steps where it is known. */
import { z } from 'zod';
import { firstErrorOf, type Solution } from '../../codec/index.js';
import type { RewardRecord } from '../../dataset/index.js';
import { prefixTruth } from '../../evaluate/index.js';
import { count, share } from '../../files/index.js';
import type { LabelledSample } from '../../label/index.js';
import type { Problem } from '../../problem/index.js';

type Solved = Pick<Solution, 'steps'> & { readonly problem: string };

/** Whether each prefix of each solution is right; null where that is not known. */
function truthOf(solutions: readonly Solved[], problems: readonly Problem[]) {
  const byId = new Map(problems.map((problem) => [problem.id, problem]));
  return solutions.map(({ problem, steps }) => prefixTruth(byId.get(problem)!, steps));
}

export interface LabelSummary {
  readonly labels: number;
  readonly positive: number;
  /** Share of labels equal to the truth; of the labels of wrong samples alone, which rollouts decide; null if unknown. */
  readonly accuracy: number | null;
  readonly accuracyOfWrong: number | null;
  /** Share of wrong samples whose flip is the true first error. */
  readonly firstErrors: number | null;
}

/** The summary as it stands in its file. */
export const labelSummaryShape: z.ZodType<LabelSummary> = z.object({
  labels: count,
  positive: share,
  accuracy: share.nullable(),
  accuracyOfWrong: share.nullable(),
  firstErrors: share.nullable(),
});

/** @param samples those labelled, in the same order */
export function labelSummary(
  labelled: readonly LabelledSample[],
  samples: readonly Solved[],
  problems: readonly Problem[],
): LabelSummary {
  const truth = truthOf(samples, problems);
  const flat = labelled.flatMap(({ labels, answer }, i) =>
    labels.map((label, k) => ({ label, truth: truth[i]?.[k], wrong: answer !== true })),
  );
  const equal = (list: typeof flat) =>
    list.length === 0 || list.some((item) => item.truth === undefined)
      ? null
      : list.filter((item) => item.label === item.truth).length / list.length;
  const flips = labelled.flatMap(({ labels, answer }, i) => {
    const known = truth[i];
    if (answer === true) return [];
    return [known ? firstErrorOf(labels) === firstErrorOf(known) : null];
  });
  return {
    labels: flat.length,
    positive: flat.filter(({ label }) => label).length / Math.max(1, flat.length),
    accuracy: equal(flat),
    accuracyOfWrong: equal(flat.filter((item) => item.wrong)),
    firstErrors:
      flips.length === 0 || flips.includes(null)
        ? null
        : flips.filter(Boolean).length / flips.length,
  };
}

export interface DoubtSummary {
  readonly positive: number;
  readonly doubted: number;
  /** Those of steps, not of answer lines, whose outcome is known. */
  readonly doubtedSteps: number;
  /** Those of steps that are not as the truth has them; null if it is not known. */
  readonly wrongSteps: number | null;
}

/** @param doubted a flag per label */
export function doubtSummary(
  records: readonly RewardRecord[],
  doubted: readonly (readonly boolean[])[],
  problems: readonly Problem[],
): DoubtSummary {
  const truth = truthOf(records, problems);
  const ofSteps = records.flatMap(({ steps }, row) =>
    steps.flatMap((_, at) => (doubted[row]?.[at] ? [truth[row]?.[at] ?? null] : [])),
  );
  return {
    positive: records.reduce((sum, { labels }) => sum + labels.filter(Boolean).length, 0),
    doubted: doubted.flat().filter(Boolean).length,
    doubtedSteps: ofSteps.length,
    wrongSteps: ofSteps.includes(null) ? null : ofSteps.filter((right) => !right).length,
  };
}

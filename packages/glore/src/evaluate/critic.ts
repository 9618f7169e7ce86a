/**
 * How good a reward model is. A value is `p(+)` at a step; a step passes when its value is at least the threshold.
 * Steps are counted from 1; -1 means "no error". Fit thresholds on a held-out split, never on test.
 */
import { GloreError } from '../error.js';
import { checkNotEmpty, checkNumbers, checkSameLength, sum } from './statistics.js';

export interface ScoredSample {
  readonly score: number;
  readonly right: boolean;
}

export interface WithinProblemAuc {
  /** Share of (right, wrong) pairs ranked rightly; undefined without pairs. */
  micro: number | undefined;
  /** Mean over problems of each problem's share; undefined without pairs. */
  macro: number | undefined;
  /** (right, wrong) pairs of samples of the same problem. */
  pairs: number;
  /** Problems with at least one such pair. */
  problems: number;
}

export interface FirstErrorMetric {
  /** Share of wrong solutions whose first error is located exactly; undefined without wrong solutions. */
  wrong: number | undefined;
  /** Share of right solutions answered with -1; undefined without right solutions. */
  right: number | undefined;
  /** Harmonic mean of the two; undefined if either is. */
  f1: number | undefined;
  wrongSolutions: number;
  rightSolutions: number;
}

export interface CalibrationBin {
  low: number;
  high: number;
  n: number;
  /** Mean score in the bin. */
  mean: number;
  /** Share of positive labels in the bin. */
  rate: number;
}

/**
 * Area under the ROC curve: the share of (positive, negative) pairs where the positive one scores higher, ties count half.
 * Undefined if either class is missing.
 *
 * @throws GloreError `length-mismatch`; `not-a-number` for a NaN score.
 */
export function auc(scores: readonly number[], labels: readonly boolean[]): number | undefined {
  checkSameLength('auc', scores, labels);
  const { won, pairs } = rankedPairs(scores.map((score, i) => ({ score, right: labels[i]! })));
  return pairs === 0 ? undefined : won / pairs;
}

/**
 * AUC among samples of the same problem, one group per problem: what reranking lives on. An AUC over all solutions can be
 * high for a model that only knows which problems are hard. Groups that are all right or all wrong say nothing and are left out.
 *
 * @throws GloreError `not-a-number` for a NaN score.
 */
export function withinProblemAuc(groups: readonly (readonly ScoredSample[])[]): WithinProblemAuc {
  const mixed = groups.map(rankedPairs).filter(({ pairs }) => pairs > 0);
  const pairs = sum(mixed.map((group) => group.pairs));
  const problems = mixed.length;
  if (problems === 0) return { micro: undefined, macro: undefined, pairs, problems };
  const micro = sum(mixed.map((group) => group.won)) / pairs;
  const macro = sum(mixed.map((group) => group.won / group.pairs)) / problems;
  return { micro, macro, pairs, problems };
}

/**
 * Share of all steps where "value >= threshold" agrees with the truth; `values` and `truth` are [solutions][steps].
 *
 * @throws GloreError `length-mismatch`; `nothing-to-measure` if there is no step.
 */
export function stepAccuracy(
  values: readonly (readonly number[])[],
  truth: readonly (readonly boolean[])[],
  threshold: number,
): number {
  checkSameLength('stepAccuracy', values, truth);
  const agreements = values.flatMap((solution, i) => {
    const own = truth[i]!;
    checkSameLength(`stepAccuracy, solution ${i}`, solution, own);
    return solution.map((value, j) => value >= threshold === own[j]);
  });
  checkNotEmpty('stepAccuracy', agreements);
  return agreements.filter(Boolean).length / agreements.length;
}

/**
 * How well first errors are located: F1 is the harmonic mean of the exact-location accuracy on wrong solutions and the "-1"
 * accuracy on right ones (ProcessBench). `truth` is -1 for a right solution, else the step of its first error.
 *
 * @throws GloreError `length-mismatch` unless there is one prediction per solution.
 */
export function firstErrorMetric(
  predicted: readonly number[],
  truth: readonly number[],
): FirstErrorMetric {
  checkSameLength('firstErrorMetric', predicted, truth);
  let [wrongSolutions, wrongLocated, rightSolutions, rightAccepted] = [0, 0, 0, 0];
  for (const [i, place] of truth.entries()) {
    const exact = predicted[i] === place ? 1 : 0;
    if (place === -1) {
      rightSolutions++;
      rightAccepted += exact;
    } else {
      wrongSolutions++;
      wrongLocated += exact;
    }
  }
  const wrong = wrongSolutions === 0 ? undefined : wrongLocated / wrongSolutions;
  const right = rightSolutions === 0 ? undefined : rightAccepted / rightSolutions;
  const f1 = wrong === undefined || right === undefined ? undefined : harmonicMean(wrong, right);
  return { wrong, right, f1, wrongSolutions, rightSolutions };
}

/** Quantiles tried by `fitThreshold`: fine enough for a rate, and all values of a split of up to 101. */
const QUANTILES = 100;

/**
 * The threshold that maximises `objective`, tried between neighbouring percentiles of held-out `values` and at both ends
 * (all pass, none passes). Of several best ones it is the middle of their longest run (the first
 * of equal runs), the furthest from a worse threshold.
 *
 * @throws GloreError `nothing-to-measure` without values; `not-a-number` for a NaN value or objective.
 */
export function fitThreshold(
  values: readonly number[],
  objective: (threshold: number) => number,
): { threshold: number; value: number } {
  checkNotEmpty('fitThreshold', values);
  checkNumbers('fitThreshold', values);
  const candidates = cuts(values);
  const outcomes = candidates.map(objective);
  checkNumbers('fitThreshold, objective', outcomes);
  const best = outcomes.reduce((a, b) => Math.max(a, b));

  let plateau = { start: 0, length: 0 };
  for (let start = 0; start < outcomes.length; start++) {
    let length = 0;
    while (outcomes[start + length] === best) length++;
    if (length > plateau.length) plateau = { start, length };
  }
  const middle = plateau.start + Math.floor((plateau.length - 1) / 2);
  return { threshold: candidates[middle]!, value: best };
}

/**
 * Reliability of probabilities: equal-width bins over [0, 1], and the expected calibration error
 * `ECE = sum over bins of n / N |mean - rate|`. Empty bins are left out of the list.
 *
 * @throws GloreError `length-mismatch`; `nothing-to-measure` without scores; `not-a-probability` for a score outside [0, 1].
 */
export function calibration(
  scores: readonly number[],
  labels: readonly boolean[],
  bins = 10,
): { ece: number; bins: CalibrationBin[] } {
  checkSameLength('calibration', scores, labels);
  checkNotEmpty('calibration', scores);
  const totals = Array.from({ length: bins }, () => ({ n: 0, score: 0, positive: 0 }));
  scores.forEach((score, i) => {
    if (!(score >= 0 && score <= 1)) {
      throw new GloreError(
        'not-a-probability',
        `calibration: scores must be in [0, 1], got ${score} at index ${i}; pass p(+), not a logit`,
      );
    }
    const bin = totals[Math.min(bins - 1, Math.floor(score * bins))]!;
    bin.n++;
    bin.score += score;
    if (labels[i]) bin.positive++;
  });
  const filled = totals.flatMap(({ n, score, positive }, i) =>
    n === 0
      ? []
      : [{ low: i / bins, high: (i + 1) / bins, n, mean: score / n, rate: positive / n }],
  );
  const ece = sum(filled.map(({ n, mean, rate }) => (n / scores.length) * Math.abs(mean - rate)));
  return { ece, bins: filled };
}

/** Counts (right, wrong) pairs and those won by the right one, ties as half, in one pass over the sorted scores. */
export function rankedPairs(samples: readonly ScoredSample[]): { won: number; pairs: number } {
  checkNumbers(
    'auc',
    samples.map(({ score }) => score),
  );
  const sorted = samples.toSorted((a, b) => a.score - b.score);
  let [won, rightSeen, wrongSeen] = [0, 0, 0];
  // Of the equal scores so far.
  let tied = { score: Number.NaN, right: 0, wrong: 0 };
  const settle = () => {
    won += tied.right * (wrongSeen + tied.wrong / 2);
    rightSeen += tied.right;
    wrongSeen += tied.wrong;
  };
  for (const { score, right } of sorted) {
    if (score !== tied.score) {
      settle();
      tied = { score, right: 0, wrong: 0 };
    }
    if (right) tied.right++;
    else tied.wrong++;
  }
  settle();
  return { won, pairs: rightSeen * wrongSeen };
}

/** Thresholds worth trying, ascending: all pass, between each two neighbouring percentiles, none passes. */
function cuts(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  const percentiles = Array.from({ length: QUANTILES + 1 }, (_, i) => at(i / QUANTILES));
  const distinct = [...new Set(percentiles)];
  // Between neighbouring doubles there is no middle: the upper one itself parts them.
  const between = distinct.slice(1).map((value, i) => {
    const below = distinct[i]!;
    const middle = (below + value) / 2;
    return middle > below ? middle : value;
  });
  const [lowest, highest] = [at(0), at(1)];
  const aboveAll = highest + (highest - lowest) / QUANTILES;
  return [lowest, ...between, aboveAll > highest ? aboveAll : highest + 1];
}

/** 2ab / (a + b); 0 where both are. */
export function harmonicMean(a: number, b: number): number {
  return a + b === 0 ? 0 : (2 * a * b) / (a + b);
}

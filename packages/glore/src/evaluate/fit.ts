/** What is fitted on dev: thresholds of the critics, and when to refine. */
import { locateFirstError, REFINE_ALL } from '../refine/index.js';
import { firstErrorMetric, fitThreshold, stepAccuracy } from './critic.js';
import {
  type Attempt,
  type ByCritic,
  byCritic,
  type CriticName,
  chosenRight,
  finalOf,
  HALF,
  hasTruth,
  type ProblemAttempts,
  type ProblemRecords,
  scoreOf,
  stepsOf,
  trueFirstError,
} from './records.js';
import { share } from './statistics.js';

/** Fitted on dev, used on test. */
export interface Thresholds {
  /** A step is judged wrong below this (step accuracy). */
  readonly step: ByCritic<number>;
  /** The first error is the first line below this (first-error F1). */
  readonly locate: ByCritic<number>;
  /** A whole solution is judged wrong below this. */
  readonly final: ByCritic<number>;
}

/** Fits every threshold on dev. */
export function fitThresholds(dev: readonly ProblemAttempts[]): Thresholds {
  const samples = dev.flatMap((problem) => problem.samples);
  const drafts = dev.map(({ draft }) => draft);
  const known = samples.filter(hasTruth).filter(({ steps }) => steps.length > 0);
  return {
    step: byCritic((critic) => {
      if (known.length === 0) return HALF;
      const values = known.map(stepsOf(critic));
      const truth = known.map((sample) => sample.truth);
      return fitThreshold(values.flat(), (threshold) => stepAccuracy(values, truth, threshold))
        .threshold;
    }),
    locate: byCritic((critic) => {
      const values = drafts.flatMap((draft) => draft[critic]);
      if (values.length === 0) return HALF;
      return fitThreshold(values, (threshold) => located(drafts, critic, threshold)).threshold;
    }),
    final: byCritic((critic) => {
      const finals = samples.map((sample) => ({
        value: finalOf(critic)(sample),
        right: sample.right,
      }));
      return fitThreshold(
        finals.map(({ value }) => value),
        (threshold) => share(finals.map(({ value, right }) => value >= threshold === right)),
      ).threshold;
    }),
  };
}

/**
 * First-error F1 of the drafts. Where the truth of steps is not known, a wrong draft counts as located wherever an error
 * is seen in it: what can be judged of a location then is what it says of the whole draft.
 */
function located(drafts: readonly Attempt[], critic: CriticName, threshold: number): number {
  const places = drafts.map((draft) => {
    const place = locateFirstError(draft[critic], threshold);
    return { place, truth: trueFirstError(draft) ?? (draft.right ? -1 : Math.max(1, place)) };
  });
  const metric = firstErrorMetric(
    places.map(({ place }) => place),
    places.map(({ truth }) => truth),
  );
  return metric.f1 ?? 0;
}

/** The gate's tau, fitted on dev: the best accuracy; of equal ones fewer refinements. */
export function fitGate(dev: readonly ProblemRecords[]): number {
  const drafts = dev.map((problem) => ({
    score: scoreOf(problem.attempts.draft),
    kept: problem.attempts.draft.right,
    refined: chosenRight(problem),
  }));
  // Scores are at most 1, so the last one refines every draft.
  const candidates = [0, ...new Set(drafts.map(({ score }) => score)), REFINE_ALL].sort(
    (a, b) => a - b,
  );
  const accuracy = (tau: number) =>
    share(drafts.map(({ score, kept, refined }) => (score < tau ? refined : kept)));
  return candidates.reduce((best, tau) => (accuracy(tau) > accuracy(best) ? tau : best));
}

/** What is fitted on dev: thresholds of the critics, and when to refine. */
import { firstErrorOf } from '../refine/index.js';
import {
  type Critic,
  chosenRight,
  finalOf,
  firstErrorOfTruth,
  type ProblemAttempts,
  type ProblemRefinements,
  samplesOf,
  scoreOf,
  stepsOf,
} from './attempt.js';
import { firstErrorMetric, fitThreshold, stepAccuracy } from './critic.js';
import { share } from './statistics.js';

/** Fitted on dev, used on test. */
export interface Thresholds {
  /** A step is judged wrong below this (step accuracy). */
  readonly step: { readonly orm: number; readonly sorm: number };
  /** The first error is the first line below this (first-error F1). */
  readonly locate: { readonly orm: number; readonly sorm: number };
  /** A whole solution is judged wrong below this. */
  readonly final: { readonly orm: number; readonly sorm: number };
}

/** Fits every threshold on dev. */
export function fitThresholds(dev: readonly ProblemAttempts[]): Thresholds {
  const samples = samplesOf(dev);
  const drafts = dev.map(({ draft }) => draft);
  const each = (fit: (critic: Critic) => number) => ({ orm: fit('orm'), sorm: fit('sorm') });
  const known = samples.filter(({ truth, steps }) => truth !== null && steps.length > 0);
  return {
    step: each((critic) => {
      if (known.length === 0) return 0.5;
      const values = known.map(stepsOf(critic));
      const truth = known.map((attempt) => [...attempt.truth!]);
      return fitThreshold(values.flat(), (threshold) => stepAccuracy(values, truth, threshold))
        .threshold;
    }),
    locate: each((critic) => {
      // Without the truth of steps, a location can still be judged by what it says of whole drafts.
      const located = drafts.map((draft) => ({
        values: draft[critic],
        truth: firstErrorOfTruth(draft) ?? (draft.right ? -1 : undefined),
      }));
      const usable = located.filter(
        (item): item is { values: readonly number[]; truth: number } => item.truth !== undefined,
      );
      return fitThreshold(
        usable.flatMap(({ values }) => [...values]),
        (threshold) =>
          firstErrorMetric(
            usable.map(({ values }) => firstErrorOf(values, threshold)),
            usable.map(({ truth }) => truth),
          ).f1 ?? 0,
      ).threshold;
    }),
    final: each((critic) => {
      const values = samples.map(finalOf(critic));
      return fitThreshold(values, (threshold) =>
        share(samples.map(({ right }, i) => values[i]! >= threshold === right)),
      ).threshold;
    }),
  };
}

/** The gate's tau, fitted on dev: the best accuracy; of equal ones fewer refinements. */
export function fitGate(
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
): number {
  const scores = attempts.map(({ draft }) => scoreOf(draft));
  const chosen = refined.map((record, i) => chosenRight(record, attempts[i]!));
  // Scores are at most 1, so the last one refines every draft.
  const candidates = [0, ...new Set(scores), 1.01].sort((a, b) => a - b);
  const accuracy = (tau: number) =>
    share(scores.map((score, i) => (score < tau ? chosen[i]! : attempts[i]!.draft.right)));
  return candidates.reduce((best, tau) => (accuracy(tau) > accuracy(best) ? tau : best));
}

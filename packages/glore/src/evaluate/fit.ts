/** What is fitted on dev: thresholds of the critics, and when to refine. */
import { locateFirstError, REFINE_ALL } from '../refine/index.js';
import {
  type Attempt,
  type CriticName,
  chosenRight,
  finalOf,
  type ProblemAttempts,
  type ProblemRefinements,
  samplesOf,
  scoreOf,
  stepsOf,
  trueFirstError,
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
  const each = (fit: (critic: CriticName) => number) => ({ orm: fit('orm'), sorm: fit('sorm') });
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
      const values = drafts.flatMap((draft) => [...draft[critic]]);
      if (values.length === 0) return 0.5;
      return fitThreshold(values, (threshold) => located(drafts, critic, threshold)).threshold;
    }),
    final: each((critic) => {
      const values = samples.map(finalOf(critic));
      return fitThreshold(values, (threshold) =>
        share(samples.map(({ right }, i) => values[i]! >= threshold === right)),
      ).threshold;
    }),
  };
}

/**
 * First-error F1 of the drafts. Where the truth of steps is not known, a wrong draft counts as located wherever an error
 * is seen in it: what can be judged of a location then is what it says of the whole draft.
 */
function located(drafts: readonly Attempt[], critic: CriticName, threshold: number): number {
  const places = drafts.map((draft) => locateFirstError(draft[critic], threshold));
  const truths = drafts.map(
    (draft, i) => trueFirstError(draft) ?? (draft.right ? -1 : Math.max(1, places[i]!)),
  );
  return firstErrorMetric(places, truths).f1 ?? 0;
}

/** The gate's tau, fitted on dev: the best accuracy; of equal ones fewer refinements. */
export function fitGate(
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
): number {
  const scores = attempts.map(({ draft }) => scoreOf(draft));
  const chosen = refined.map((record, i) => chosenRight(record, attempts[i]!));
  // Scores are at most 1, so the last one refines every draft.
  const candidates = [0, ...new Set(scores), REFINE_ALL].sort((a, b) => a - b);
  const accuracy = (tau: number) =>
    share(scores.map((score, i) => (score < tau ? chosen[i]! : attempts[i]!.draft.right)));
  return candidates.reduce((best, tau) => (accuracy(tau) > accuracy(best) ? tau : best));
}

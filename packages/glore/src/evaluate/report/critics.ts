/** How good the critics are: on samples, and where they place the first errors of drafts. */
import { locateFirstError } from '../../refine/index.js';
import {
  auc,
  type CalibrationBin,
  calibration,
  firstErrorMetric,
  stepAccuracy,
  withinProblemAuc,
} from '../critic.js';
import type { Thresholds } from '../fit.js';
import {
  type CriticName,
  finalOf,
  hasTruth,
  type ProblemRecords,
  rightOf,
  stepsOf,
  trueFirstError,
} from '../records.js';
import { share } from '../statistics.js';

export interface CriticReport {
  readonly stepAccuracy: number | undefined;
  readonly firstError: {
    readonly wrong: number | undefined;
    readonly right: number | undefined;
    readonly f1: number | undefined;
  };
  readonly finalAccuracy: number;
  readonly auc: number | undefined;
  readonly withinProblemAuc: number | undefined;
  readonly ece: number;
  readonly bins: readonly CalibrationBin[];
}

export interface Critics {
  /** With its AUC among the candidates {draft, global, local} of the same problem. */
  readonly orm: CriticReport & { readonly withinCandidatesAuc: number | undefined };
  readonly sorm: CriticReport;
}

export const criticsOf = (records: readonly ProblemRecords[], thresholds: Thresholds): Critics => ({
  orm: {
    ...criticReport('orm', records, thresholds),
    withinCandidatesAuc: withinProblemAuc(
      records.map((problem) =>
        problem.refinements.decision.candidates.map(({ source, score }) => ({
          score,
          right: rightOf(problem, source),
        })),
      ),
    ).micro,
  },
  sorm: criticReport('sorm', records, thresholds),
});

function criticReport(
  critic: CriticName,
  records: readonly ProblemRecords[],
  thresholds: Thresholds,
): CriticReport {
  const groups = records.map(({ attempts }) =>
    attempts.samples.map((sample) => ({ score: finalOf(critic)(sample), right: sample.right })),
  );
  const samples = groups.flat();
  const finals = samples.map(({ score }) => score);
  const labels = samples.map(({ right }) => right);
  const { ece, bins } = calibration(finals, labels);
  return {
    stepAccuracy: stepsJudged(critic, records, thresholds.step[critic]),
    firstError: firstErrors(critic, records, thresholds.locate[critic]),
    finalAccuracy: share(
      samples.map(({ score, right }) => score >= thresholds.final[critic] === right),
    ),
    auc: auc(finals, labels),
    withinProblemAuc: withinProblemAuc(groups).micro,
    ece,
    bins,
  };
}

/** The accuracy on the steps of samples; undefined where there are none whose truth is known. */
function stepsJudged(
  critic: CriticName,
  records: readonly ProblemRecords[],
  threshold: number,
): number | undefined {
  const known = records
    .flatMap(({ attempts }) => attempts.samples)
    .filter(hasTruth)
    .filter(({ steps }) => steps.length > 0);
  if (known.length === 0) return undefined;
  return stepAccuracy(
    known.map(stepsOf(critic)),
    known.map(({ truth }) => truth),
    threshold,
  );
}

function firstErrors(
  critic: CriticName,
  records: readonly ProblemRecords[],
  threshold: number,
): CriticReport['firstError'] {
  const drafts = records.map(({ attempts }) => attempts.draft);
  const truths = drafts.map(trueFirstError);
  if (!truths.every((place) => place !== undefined))
    return { wrong: undefined, right: undefined, f1: undefined };
  const { wrong, right, f1 } = firstErrorMetric(
    drafts.map((draft) => locateFirstError(draft[critic], threshold)),
    truths,
  );
  return { wrong, right, f1 };
}

/** The report of a run: `report.json`, computed from the records of the test problems alone. */
import type { Thresholds } from '../fit.js';
import type { ProblemRecords } from '../records.js';
import { type Setting, standardWays, type Way } from '../ways/index.js';
import { answeredBy, checkWays } from './answered.js';
import { type Comparison, comparisonsOf } from './comparisons.js';
import { type Critics, criticsOf } from './critics.js';
import { type FirstErrors, firstErrorsOf } from './first-errors.js';
import { type Headroom, headroomOf, headroomRealised } from './headroom.js';
import { type Outcomes, outcomesOf } from './outcomes.js';
import { type Refiners, refinersOf } from './refiners.js';
import { type Row, rowOf, type Speeds } from './rows.js';

export interface EvaluationReport {
  readonly rows: readonly Row[];
  readonly comparisons: readonly Comparison[];
  readonly refiners: Refiners;
  readonly critics: Critics;
  readonly thresholds: Thresholds & { readonly gate: number };
  /** Share of the draft-to-oracle headroom that `rerank` realises. */
  readonly headroomRealised: number | undefined;
  /** The same for each choice that has headroom. */
  readonly headroom: readonly Headroom[];
  readonly firstErrors: readonly FirstErrors[];
  readonly outcomes: Outcomes;
}

export interface EvaluateOptions {
  /** Fitted on dev, as is the gate's `tau`. */
  readonly thresholds: Thresholds;
  readonly tau: number;
  readonly speeds: Speeds;
  /** The rows, in their order: `[...standardWays, mine]`; the standard ones if left out. */
  readonly ways?: readonly Way[] | undefined;
}

/** The `k` of rows such as `best-of-k`, unless there are fewer samples. */
export const SAMPLES = 8;

/** Evaluates the records of the test problems. @throws GloreError `way-twice`, `way-answer` */
export function evaluate(
  records: readonly ProblemRecords[],
  { thresholds, tau, speeds, ways = standardWays }: EvaluateOptions,
): EvaluationReport {
  const k = records.reduce(
    (least, { attempts }) => Math.min(least, attempts.samples.length),
    SAMPLES,
  );
  const setting: Setting = { k, tau };
  checkWays(ways, setting);
  const answered = answeredBy(ways, records, setting);
  return {
    rows: answered.map((way) => rowOf(way, speeds)),
    comparisons: comparisonsOf(answered),
    refiners: refinersOf(records),
    critics: criticsOf(records, thresholds),
    thresholds: { ...thresholds, gate: tau },
    headroomRealised: headroomRealised(answered),
    headroom: headroomOf(answered),
    firstErrors: firstErrorsOf(records),
    outcomes: outcomesOf(records, thresholds, answered, setting),
  };
}

/** The report as it stands in `report.json`. */
import { z } from 'zod';
import { amount, count, ratio, share, text, threshold } from '../../files/index.js';
import type { Curve, RefinedPoint } from '../curve.js';
import type { Point } from '../point.js';
import type { CriticReport } from './critics.js';
import type { Outcomes } from './outcomes.js';
import type { EvaluationReport } from './report.js';

/** Of what was not there to be measured there is nothing. */
const measured: z.ZodType<number | undefined> = share.optional();
const realised: z.ZodType<number | undefined> = ratio.optional();

const point = { name: text, accuracy: share, low: share, high: share, generatedTokens: amount };
const paired = { difference: ratio, low: ratio, high: ratio, p: share };

const effect = z.object({
  before: share,
  after: share,
  wrongToRight: share,
  rightToWrong: share,
  wrongFixed: measured,
  wrongDrafts: count,
  unchanged: share,
});

const critic = z.object({
  stepAccuracy: measured,
  firstError: z.object({ wrong: measured, right: measured, f1: measured }),
  finalAccuracy: share,
  auc: measured,
  withinProblemAuc: measured,
  ece: share,
  bins: z.array(z.object({ low: share, high: share, n: count, mean: share, rate: share })),
}) satisfies z.ZodType<CriticReport>;

const thresholds = z.object({ orm: threshold, sorm: threshold });

const amounts = z.array(amount);
const counts = z.object({ n: amounts, orm: amounts, sorm: amounts });
const flags = z.string().regex(/^[01]*$/, { error: 'a text of 0 and 1' });
const places = z.object({ orm: flags, sorm: flags });

const outcomes: z.ZodType<Outcomes> = z
  .object({
    right: z.record(z.string(), flags),
    processed: z.record(z.string(), amount).exactOptional(),
    sampleTokens: amounts,
    steps: counts
      .extend({ atHalf: counts.omit({ n: true }), distinct: counts.exactOptional() })
      .exactOptional(),
    pairs: counts,
    candidatePairs: counts.omit({ sorm: true }),
    located: places.extend({ sound: flags, atHalf: places }).exactOptional(),
  })
  .superRefine(({ right, steps, pairs, candidatePairs, located }, context) => {
    // One for each problem.
    const groups = [right, pairs, candidatePairs, steps, steps?.atHalf, steps?.distinct];
    const lists = [...groups, located, located?.atHalf].flatMap((group) =>
      Object.entries(group ?? {}),
    );
    const size = pairs.n.length;
    for (const [key, list] of lists) {
      const length = typeof list === 'string' || Array.isArray(list) ? list.length : size;
      if (length === size) continue;
      context.addIssue({ code: 'custom', message: `one of each problem (${key}: ${size})` });
      return;
    }
  });

export const evaluationFields = {
  rows: z.array(z.object({ ...point, seconds: amount, processedTokens: amount.exactOptional() })),
  comparisons: z.array(z.object({ a: text, b: text, ...paired })),
  refiners: z.object({
    global: effect,
    local: effect,
    globalOnly: share,
    localOnly: share,
    both: share,
    neither: share,
  }),
  critics: z.object({ orm: critic.extend({ withinCandidatesAuc: measured }), sorm: critic }),
  thresholds: z.object({
    step: thresholds,
    locate: thresholds,
    final: thresholds,
    gate: threshold,
  }),
  headroomRealised: realised,
  headroom: z.array(z.object({ name: text, realised: ratio, low: ratio, high: ratio })),
  firstErrors: z.array(z.object({ step: count, share })),
  outcomes,
};

/** An evaluation as it stands in records. */
export const evaluationShape: z.ZodType<EvaluationReport> = z.object(evaluationFields);

const against: z.ZodType<RefinedPoint['against']> = z
  .object({ name: text, generatedTokens: amount, ...paired })
  .optional();

const refinedPoint: z.ZodType<RefinedPoint> = z.object({
  ...point,
  rounds: count,
  tau: threshold,
  equal: z.object({ majority: measured, bestOf: measured }),
  against,
});

const points: z.ZodType<Point[]> = z.array(z.object(point));

export const curveShape: z.ZodType<Curve> = z.object({
  majority: points,
  bestOf: points,
  rounds: z.array(refinedPoint),
  budgets: z.array(refinedPoint),
});

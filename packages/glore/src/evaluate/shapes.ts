/** The records of an evaluation, and its thresholds and speeds, as they stand in files. */
import { z } from 'zod';
import { lineCount, solutionFields } from '../codec/index.js';
import { count, flags, shares, text, threshold } from '../files/index.js';
import { decisionShape } from '../refine/index.js';
import { answered } from '../rollout/index.js';
import type { Thresholds } from './fit.js';
import type {
  Attempt,
  Outcome,
  ProblemAttempts,
  ProblemControls,
  ProblemRefinements,
  ProblemRounds,
} from './records.js';
import type { Speeds } from './report/index.js';

const attempt: z.ZodType<Attempt> = answered(
  z
    .object({
      ...solutionFields,
      right: z.boolean(),
      tokens: count,
      orm: shares,
      sorm: shares,
      truth: flags.nullable(),
    })
    .refine((own) => own.orm.length === lineCount(own), {
      path: ['orm'],
      error: 'one value for each line',
    })
    .refine((own) => own.sorm.length === lineCount(own), {
      path: ['sorm'],
      error: 'one value for each line',
    })
    .refine(({ truth, steps }) => truth === null || truth.length === steps.length, {
      path: ['truth'],
      error: 'one for each step',
    }),
);

const outcome: z.ZodType<Outcome> = answered(
  z.object({ answer: solutionFields.answer, right: z.boolean(), tokens: count }),
);

export const attemptsShape: z.ZodType<ProblemAttempts> = z.object({
  problem: text,
  draft: attempt,
  samples: z.array(attempt),
});

export const refinementsShape: z.ZodType<ProblemRefinements> = z.object({
  problem: text,
  decision: decisionShape,
  global: outcome,
  local: outcome,
  localOrm: outcome,
  localTruth: outcome.nullable(),
});

const beam = answered(
  z.object({ answer: solutionFields.answer, right: z.boolean(), tokens: count, read: count }),
);

const logprobs = z.array(z.number().max(0));

export const controlsShape: z.ZodType<ProblemControls> = z.object({
  problem: text,
  globalBlind: outcome,
  globalPlain: outcome,
  localRandom: outcome,
  likelihoods: z.object({ samples: logprobs, candidates: logprobs }).exactOptional(),
  prompt: count,
  read: z.array(count).min(2).max(3),
  beams: z.object({ 3: beam, 8: beam }).exactOptional(),
});

export const roundsShape: z.ZodType<ProblemRounds> = z.object({
  problem: text,
  rounds: z.array(
    z
      .object({ decision: decisionShape, right: flags })
      .refine(({ decision, right }) => decision.candidates.length === right.length, {
        path: ['right'],
        error: 'one for each candidate',
      }),
  ),
});

const ofCritics = z.object({ orm: threshold, sorm: threshold });

export const thresholdsShape: z.ZodType<Thresholds> = z.object({
  step: ofCritics,
  locate: ofCritics,
  final: ofCritics,
});

const speed = z.number().positive().max(1e12);

export const speedsShape: z.ZodType<Speeds> = z.object({
  generatedPerSecond: speed,
  scoredPerSecond: speed,
});

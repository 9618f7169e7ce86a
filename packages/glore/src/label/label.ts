/** Stepwise labels of student samples from rollouts: l_i = 1 iff the answer was reached from the prefix P_i. */
import { z } from 'zod';
import { count, flags, text } from '../files/index.js';
import { type RolloutRecord, type Sample, sampleKey, type Trace } from '../rollout/index.js';
import { usesPrefix } from './consistency.js';

/** A sample with a label for each of its lines. */
export interface LabelledSample {
  readonly problem: string;
  readonly sample: number;
  /** l_1 .. l_L. */
  readonly labels: readonly boolean[];
  /** Whether the answer line is right; null if there is none. */
  readonly answer: boolean | null;
  /** Verifying traces that counted and rollouts known, by prefix. */
  readonly counts: readonly { readonly successes: number; readonly attempts: number }[];
}

/** A labelled sample as it stands in records. */
export const labelledShape: z.ZodType<LabelledSample> = z
  .object({
    problem: text,
    sample: count,
    labels: flags,
    answer: z.boolean().nullable(),
    counts: z.array(
      z
        .object({ successes: count, attempts: count })
        .refine(({ successes, attempts }) => successes <= attempts, {
          path: ['successes'],
          error: 'no more than attempts',
        }),
    ),
  })
  .refine(({ labels, counts }) => labels.length === counts.length, {
    path: ['counts'],
    error: 'as many as labels',
  });

/** What is done to labels beyond verifying each prefix; `balance` comes later, to the sets (GLoRe, section on SORM data). */
export interface LabelTransforms {
  readonly propagation: boolean;
  readonly consistency: boolean;
}

/** Stepwise labels of samples, of which the wrong ones were rolled out, with their transforms. */
export function labelSamples(
  samples: readonly Sample[],
  rollouts: readonly RolloutRecord[],
  { propagation, consistency }: LabelTransforms,
): LabelledSample[] {
  const recordOf = new Map(
    rollouts.map((record) => [sampleKey(record.problem, record.sample), record]),
  );
  return samples.map((sample) => {
    const record = recordOf.get(sampleKey(sample.problem, sample.index));
    const verified = verify(sample, record, consistency);
    return propagation ? { ...verified, labels: propagate(verified.labels) } : verified;
  });
}

/** Whether a trace counts as a verifying trace of the prefix: it reaches the answer and, if `consistent`, uses the prefix. */
export const verifies = (
  prefix: readonly string[],
  trace: Omit<Trace, 'count'>,
  consistent: boolean,
): boolean => trace.right && (!consistent || usesPrefix(prefix, trace));

/**
 * Verifies each prefix of a sample: a label is 1 iff any rollout from it is a verifying trace.
 *
 * A right sample is itself a verifying trace of each of its prefixes, so it needs no rollouts (`record` absent).
 * @param consistent count only traces that use the prefix (transform b)
 */
export function verify(
  sample: Sample,
  record: RolloutRecord | undefined,
  consistent: boolean,
): LabelledSample {
  const counts = sample.steps.map((_, i) => {
    const prefix = sample.steps.slice(0, i + 1);
    const own = {
      steps: sample.steps.slice(i + 1),
      answer: sample.answer,
      right: sample.right,
      count: 1,
    };
    const rollouts = record?.prefixes[i];
    const traces = rollouts?.traces ?? [own];
    const verifying = traces.filter((trace) => verifies(prefix, trace, consistent));
    return {
      successes: verifying.reduce((sum, { count }) => sum + count, 0),
      attempts: rollouts?.attempts ?? 1,
    };
  });
  return {
    problem: sample.problem,
    sample: sample.index,
    labels: counts.map(({ successes }) => successes > 0),
    answer: sample.answer === null ? null : sample.right,
    counts,
  };
}

/** Transform (a), propagation: l_i = 1 makes every l_j = 1 for j <= i, so labels are 1..1 0..0. */
export function propagate(labels: readonly boolean[]): boolean[] {
  const last = labels.lastIndexOf(true);
  return labels.map((_, i) => i <= last);
}

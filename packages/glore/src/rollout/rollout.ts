/** Monte-Carlo rollouts from the prefixes of sampled solutions. */
import { z } from 'zod';
import { type Solution, solutionFields, spellingOf } from '../codec/index.js';
import { count, text } from '../files/index.js';
import type { Student } from '../model/index.js';
import type { Problem } from '../problem/index.js';
import { answered, byProblem, isRight, type Sample, seedOf } from './sample.js';

/** A distinct continuation of a prefix and how many of the rollouts known from there it was. `right`: a verifying trace. */
export interface Trace extends Solution {
  readonly right: boolean;
  readonly count: number;
}

/** What is known from `P_i` of a sample: how often it was continued, and how. */
export interface PrefixRollouts {
  readonly length: number;
  readonly attempts: number;
  readonly traces: readonly Trace[];
}

/** A sample with the rollouts from each of its prefixes `P_1 .. P_L`. */
export interface RolloutRecord {
  readonly problem: string;
  readonly sample: number;
  readonly prefixes: readonly PrefixRollouts[];
  /** Generated tokens. */
  readonly tokens: number;
}

const trace = answered(z.object({ ...solutionFields, right: z.boolean(), count: count.min(1) }));

const prefix = z
  .object({ length: count.min(1), attempts: count, traces: z.array(trace) })
  .refine(
    ({ attempts, traces }) => attempts === traces.reduce((sum, { count }) => sum + count, 0),
    { path: ['attempts'], error: 'as many as the counts of its traces' },
  );

/** The rollouts of a sample as they stand in records. */
export const rolloutShape: z.ZodType<RolloutRecord> = z.object({
  problem: text,
  sample: count,
  prefixes: z
    .array(prefix)
    .refine((prefixes) => prefixes.every(({ length }, i) => length === i + 1), {
      error: 'every prefix in its turn, of the lengths 1, 2, ..',
    }),
  tokens: count,
});

/** A sample to roll out, with its problem. */
export interface RolloutItem {
  readonly problem: Problem;
  readonly sample: Sample;
}

export interface RolloutOptions {
  /** K. */
  readonly count: number;
  readonly temperature: number;
  readonly seed: string;
  /** Samples by problem id that are rollouts of others of their problem that begin alike, too; see `alsoRollouts`. */
  readonly drafts?: ReadonlyMap<string, readonly Sample[]>;
}

/**
 * The student's samples that are rollouts too, by problem: all that were drawn at the rollouts' temperature, and of others
 * the right ones, which show at any temperature that their prefixes verify.
 */
export const alsoRollouts = (
  samples: readonly Sample[],
  { sampledAt, temperature }: { readonly sampledAt: number; readonly temperature: number },
): Map<string, Sample[]> =>
  byProblem(samples.filter(({ right }) => right || sampledAt === temperature));

/**
 * K rollouts from every prefix of every sample: brute force, as in the paper. Other samples of the problem that pass
 * through a prefix are known from it as well (ours), so that there may be more than K.
 */
export async function rolloutsFrom(
  student: Pick<Student, 'rollout'>,
  items: readonly RolloutItem[],
  { count, temperature, seed, drafts }: RolloutOptions,
): Promise<RolloutRecord[]> {
  const written = await student.rollout(
    items.map(({ problem, sample }) => ({
      question: problem.question,
      steps: sample.steps,
      prefixes: sample.steps.map((_, i) => ({
        length: i + 1,
        seeds: Array.from({ length: count }, (_, k) =>
          seedOf(seed, problem.id, sample.index, i + 1, k),
        ),
      })),
    })),
    temperature,
  );
  return items.map(({ problem, sample }, i) => {
    const alike = othersOf(sample, drafts);
    return {
      problem: problem.id,
      sample: sample.index,
      prefixes: written[i]!.map((rollouts, at) => {
        const length = at + 1;
        const traces = [
          ...rollouts.map(({ steps, answer }) => ({
            steps,
            answer,
            right: isRight(problem, answer),
          })),
          ...alike
            .filter(({ steps }) => commonLength(steps, sample.steps) >= length)
            .map(({ steps, answer, right }) => ({ steps: steps.slice(length), answer, right })),
        ];
        return { length, attempts: traces.length, traces: counted(traces) };
      }),
      tokens: written[i]!.flat().reduce((sum, { tokens }) => sum + tokens, 0),
    };
  });
}

/** The other samples of a sample's problem: of itself it says nothing, since it was chosen because it is wrong. */
export const othersOf = (sample: Sample, drafts: RolloutOptions['drafts']): Sample[] =>
  (drafts?.get(sample.problem) ?? []).filter(({ index }) => index !== sample.index);

/** How many steps two solutions begin with alike. */
export function commonLength(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((step, i) => step !== b[i]);
  return at < 0 ? a.length : at;
}

/** Each spelling once, in the order of first sight, with its count. */
export function counted(traces: readonly Omit<Trace, 'count'>[]): Trace[] {
  const found = new Map<string, Trace>();
  for (const trace of traces) {
    const key = spellingOf(trace);
    found.set(key, { ...trace, count: (found.get(key)?.count ?? 0) + 1 });
  }
  return [...found.values()];
}

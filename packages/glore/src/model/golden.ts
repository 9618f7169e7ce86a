/** Golden values: what a reward model says of solutions where it was trained, to see whether its server says the same. */
import { z } from 'zod';
import { lineCount, type Solution, solutionFields } from '../codec/index.js';
import { readJsonl, shares, text } from '../files/index.js';
import type { RewardModel } from './roles.js';

/** The values of a solution's lines that a reward model gave where it was trained. */
export interface GoldenVector extends Solution {
  readonly role: 'orm' | 'sorm';
  readonly question: string;
  readonly values: readonly number[];
}

const goldenShape: z.ZodType<GoldenVector> = z
  .object({
    role: z.enum(['orm', 'sorm']),
    question: text,
    ...solutionFields,
    values: shares,
  })
  .refine((vector) => vector.values.length === lineCount(vector), {
    path: ['values'],
    error: 'one for each line',
  });

/** Half precision and other kernels move a value by less. */
export const goldenTolerance = 0.02;

/** The largest difference of a model's values from the golden ones; infinite where a line has no value. */
export async function largestDifference(
  critic: RewardModel,
  vectors: readonly GoldenVector[],
): Promise<number> {
  const values = await critic.values(
    vectors.map((vector) => ({ question: vector.question, solution: vector })),
  );
  const differences = vectors.flatMap((vector, i) =>
    vector.values.map((expected, k) => Math.abs(expected - (values[i]![k] ?? Number.NaN))),
  );
  // NaN, of a line without a value, must not count as agreement.
  return differences.some(Number.isNaN)
    ? Infinity
    : differences.reduce((a, b) => Math.max(a, b), 0);
}

/** @throws GloreError `jsonl-broken`, `record-broken` naming line and field */
export const readGolden = (path: string): Promise<GoldenVector[]> =>
  readJsonl(
    path,
    goldenShape,
    'write the file anew: glore doctor --write-golden, or the trainer that made it',
  );

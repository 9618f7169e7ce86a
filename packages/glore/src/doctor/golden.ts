/** Golden values: what the reward models of a run say of solutions, to see whether servers say the same. */
import { z } from 'zod';
import { lineCount, type Solution, solutionFields } from '../codec/index.js';
import { readJsonl, shares, text, writeJsonl } from '../files/index.js';
import type { RewardModel } from '../model/index.js';
import { openRunFolder, readProblems, rolesOf, withModels } from '../pipeline/index.js';
import type { Recipe } from '../recipe/index.js';

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
  readJsonl(path, goldenShape, 'write the file with glore doctor --write-golden');

const problemCount = 8;

/**
 * Writes what the reward models of a run say of right and wrong solutions of its dev problems, to be compared with where
 * they are served later.
 */
export async function writeGolden(folder: string, recipe: Recipe, path: string): Promise<number> {
  const run = await openRunFolder(folder, recipe);
  const problems = (await readProblems(run, 'dev')).slice(0, problemCount);
  const items = problems.flatMap(({ question, steps, answer }) => [
    { question, solution: { steps, answer } },
    // A last line that is surely wrong.
    { question, solution: { steps, answer: `${answer}1` } },
  ]);
  const vectors = await withModels(run, ['orm', 'sorm'], async (models) => {
    const found: GoldenVector[] = [];
    const critics = rolesOf(run, models);
    for (const role of ['orm', 'sorm'] as const) {
      const values = await critics[role].values(items);
      for (const [i, { question, solution }] of items.entries()) {
        found.push({ role, question, ...solution, values: values[i]! });
      }
    }
    return found;
  });
  await writeJsonl(path, vectors);
  return vectors.length;
}

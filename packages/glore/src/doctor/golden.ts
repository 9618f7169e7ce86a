/** Golden values: what the reward models of a run say of solutions, to see whether servers say the same. */
import type { Solution } from '../codec/index.js';
import { GloreError } from '../error.js';
import type { RewardModel } from '../model/index.js';
import { openRunFolder, readProblems, rolesOf, withModels } from '../pipeline/index.js';
import type { Recipe } from '../recipe/index.js';
import { readJsonl, writeJsonl } from '../run/index.js';

/** The values of a solution's lines that a reward model gave where it was trained. */
export interface GoldenVector extends Solution {
  readonly role: 'orm' | 'sorm';
  readonly question: string;
  readonly values: readonly number[];
}

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
  return differences.some(Number.isNaN) ? Infinity : Math.max(0, ...differences);
}

/** @throws GloreError `jsonl-broken`, `golden-broken` naming the line */
export async function readGolden(path: string): Promise<GoldenVector[]> {
  const vectors = await readJsonl<GoldenVector>(path);
  for (const [i, { role, question, steps, values }] of vectors.entries()) {
    const known = role === 'orm' || role === 'sorm';
    if (known && typeof question === 'string' && Array.isArray(steps) && Array.isArray(values)) {
      continue;
    }
    throw new GloreError(
      'golden-broken',
      `${path}:${i + 1}: expected golden values {"role", "question", "steps", "answer", "values"}, found something else; write the file with glore doctor --write-golden`,
    );
  }
  return vectors;
}

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

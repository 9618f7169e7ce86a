/** Writes golden values of a run. */
import { writeJsonl } from '../files/index.js';
import type { GoldenVector } from '../model/index.js';
import { openRunFolder, readProblems, rolesOf, withModels } from '../pipeline/index.js';
import type { Recipe } from '../recipe/index.js';

const problemCount = 8;

/**
 * Writes what the reward models of a run say of right and wrong solutions of its dev problems, to be compared with where
 * they are served later: in all their bits, whatever the run computes in.
 */
export async function writeGolden(folder: string, recipe: Recipe, path: string): Promise<number> {
  const run = await openRunFolder(folder, { ...recipe, bits: 32 });
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

/** The recipe as it stands in the folder of its run: `recipe.json`. */
import { join } from 'node:path';
import { providers } from '@glore/engine';
import { z } from 'zod';
import { readJson } from '../files/index.js';
import { wrongModel } from './endpoints.js';
import type { FileSet } from './files.js';
import { type Recipe, recipe, world } from './recipe.js';

const count = z.int().min(1);
const name = z.string().min(1);

const fileSet: z.ZodType<FileSet> = z.object({
  source: z.enum(['gsm8k', 'svamp', 'jsonl']),
  files: z.record(name, z.object({ file: name, sha256: name })),
  dev: count,
  test: count.exactOptional(),
  tooLong: z.literal('drop').exactOptional(),
  fields: z
    .object({
      question: name,
      answer: name,
      id: name.exactOptional(),
      steps: name.exactOptional(),
    })
    .exactOptional(),
});

const stored: z.ZodType<Recipe> = recipe
  .extend({
    // A run may come from a machine that has other processors.
    provider: z.enum(providers).optional(),
    problems: z.union([world, fileSet], { error: 'problems of the world or of files' }),
  })
  .superRefine(({ endpoints, models }, context) => {
    const wrong = wrongModel({ endpoints, models });
    if (wrong) context.addIssue({ code: 'custom', path: wrong.keys, message: wrong.expected });
  });

/** The recipe of a run. @throws GloreError `file-missing`, `json-broken`, `record-broken` naming the key */
export function readStoredRecipe(folder: string): Promise<Recipe> {
  const path = join(folder, 'recipe.json');
  return readJson(path, stored, `run the recipe again (glore run <recipe> --run ${folder})`);
}

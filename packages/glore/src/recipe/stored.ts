/** The recipe as it stands in the folder of its run: `recipe.json`. */
import { join } from 'node:path';
import { providers } from '@glore/engine';
import { z } from 'zod';
import { readJson, text } from '../files/index.js';
import { wrongModel } from './endpoints.js';
import { count, type FileSet } from './files.js';
import { type Recipe, recipe, world } from './recipe.js';
import { wrongTrainer } from './trainer.js';

const fileSet: z.ZodType<FileSet> = z.object({
  source: z.enum(['gsm8k', 'svamp', 'jsonl']),
  files: z.record(text, z.object({ file: text, sha256: text })),
  dev: count,
  test: count.exactOptional(),
  tooLong: z.literal('drop').exactOptional(),
  fields: z
    .object({
      question: text,
      answer: text,
      id: text.exactOptional(),
      steps: text.exactOptional(),
    })
    .exactOptional(),
});

const stored: z.ZodType<Recipe> = recipe
  .extend({
    // A run may come from a machine that has other processors.
    provider: z.enum(providers).optional(),
    problems: z.union([world, fileSet], { error: 'problems of the world or of files' }),
  })
  .superRefine((given, context) => {
    const wrong = wrongModel(given) ?? wrongTrainer(given);
    if (wrong) context.addIssue({ code: 'custom', path: wrong.keys, message: wrong.expected });
  });

/** The recipe of a run. @throws GloreError `file-missing`, `json-broken`, `record-broken` naming the key */
export function readStoredRecipe(folder: string): Promise<Recipe> {
  const path = join(folder, 'recipe.json');
  return readJson(path, stored, `run the recipe again (glore run <recipe> --run ${folder})`);
}

/** One finished run, which the first test file that asks for it makes, and which all others look at. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, inject } from 'vitest';
import { type Ended, glore, writeRecipe } from './glore.js';

/** Samples of a test problem, which many rows of the report are named by. */
export const samples = 4;

/** Solutions of which its SORM learns first what the student expects. */
export const expected = 60;

/** What the recipe of this run has that the small one has not: something of everything that a recipe may ask for. */
const changes: [string, string][] = [
  // Two rounds of refinement.
  [
    'evaluation: { samples: 8, temperature: 1 }',
    `evaluation: { samples: ${samples}, temperature: 1, rounds: 2 }`,
  ],
  // Of problems that three samples do not solve there are six.
  [
    'drafts: { problems: 140, samples: 3, temperature: 1 }',
    'drafts: { problems: 110, samples: 3, temperature: 1, further: { most: 6, temperature: 1.2 } }',
  ],
  // A SORM that learns first what the student expects, with a layer more for it, and is less sure of its labels then.
  [
    'sorm: { epochs: 4, batch: 8, rate: 1.0e-3, doubt: 0.25 }',
    `sorm:
    expected: { examples: ${expected}, epochs: 1, batch: 16, rate: 1.0e-3, layers: 1, replaced: 0.15 }
    epochs: 1
    batch: 8
    rate: 1.0e-3
    doubt: 0.5`,
  ],
  ['dev: 24', 'dev: 12'],
];

/** Writes the recipe of this run, with some of its text replaced; gives its path. */
export const recipeOfFinished = (
  folder: string,
  name: string,
  ...more: [string, string][]
): string => writeRecipe(folder, name, ...changes, ...more);

/** The run, for looking at alone: who changes it copies it first. */
export async function finished(): Promise<{
  readonly run: string;
  readonly recipe: string;
  /** What making it said. */
  readonly ended: Ended;
}> {
  const folder = inject('common');
  const [run, recipe, said] = ['run', 'recipe.yaml', 'ended.json'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  if (isFirst(join(folder, 'begun'))) {
    const ended = await glore(['run', recipeOfFinished(folder, 'recipe'), '--run', run]);
    writeFileSync(`${said}.part`, JSON.stringify(ended));
    renameSync(`${said}.part`, said);
  }
  while (!existsSync(said)) await sleep(100);
  const ended = JSON.parse(readFileSync(said, 'utf8')) as Ended;
  expect(ended).toMatchObject({ code: 0 });
  return { run, recipe, ended };
}

/** Whether nobody was here before, in this process or another. */
function isFirst(path: string): boolean {
  try {
    writeFileSync(path, '', { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

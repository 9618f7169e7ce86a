/** Runs that are done, whole or as far as they are asked for. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { GloreError } from '../error.js';
import { readJson } from '../files/index.js';
import { bitsIn, type Recipe, readStoredRecipe } from '../recipe/index.js';
import { fingerprintOf, readDone, type StageRecord } from '../run/index.js';
import { openRunFolder, type Run } from './context.js';
import { readStudent } from './models.js';
import { type Report, reportShape } from './report.js';
import { neededFor, ownSettings, type StageName, stageNames, upstreamOf } from './table.js';

/** The report of a finished run. @throws GloreError `run-missing`, `run-unfinished` */
export async function readReport(folder: string): Promise<Report> {
  const path = join(folder, 'report.json');
  if (existsSync(path))
    return readJson(
      path,
      reportShape,
      `run the recipe again (glore run <recipe> --run ${folder}): it is worked out anew`,
    );
  if (existsSync(join(folder, 'recipe.json'))) {
    throw new GloreError(
      'run-unfinished',
      `${folder}: expected a finished run, found one without report.json; finish it with the command that began it: glore run <recipe> --run ${folder}`,
    );
  }
  throw runMissing(folder);
}

const runMissing = (folder: string): GloreError =>
  new GloreError(
    'run-missing',
    `${folder}: expected the folder of a finished run, found ${existsSync(folder) ? 'no run in it' : 'no such folder'}; make one: glore run recipes/tiny.yaml --run ${folder}`,
  );

/**
 * A run of which at least these stages, and those that they need, are done with the recipe in its folder. Like a finished
 * one it stands on its own: its base is its student.
 * @throws GloreError `run-missing`, `run-unfinished`, `run-changed`
 */
export async function openUnfinishedRun(
  folder: string,
  stages: readonly StageName[],
): Promise<Run> {
  if (!existsSync(join(folder, 'recipe.json'))) throw runMissing(folder);
  const recipe = await readStoredRecipe(folder);
  const asked: StageName[] = ['student', ...stages];
  const wanted = new Set(asked.flatMap(neededFor));
  const done = new Map<StageName, StageRecord>();
  for (const name of stageNames.filter((stage) => wanted.has(stage))) {
    const record = await readDone(join(folder, name));
    if (!record) {
      throw new GloreError(
        'run-unfinished',
        `${folder}: expected the stage ${name} done, found it unfinished; finish it: glore ${name} <recipe> --run ${folder}`,
      );
    }
    const { settings } = await readJson(
      join(folder, name, 'started.json'),
      startedShape,
      `delete the folder ${join(folder, name)} and run the recipe again`,
    );
    const { bits: _, ...before } = settings.common;
    const common = { ...before, seed: recipe.seed, ...bitsIn(recipe) };
    const upstream = await upstreamOf(folder, recipe, name, done);
    const settingsNow = { common, ...ownSettings(recipe, name) };
    if (fingerprintOf({ name, settings: settingsNow, upstream }) !== record.fingerprint) {
      throw new GloreError(
        'run-changed',
        `${folder}: expected the stage ${name} done with the settings in recipe.json, found it done with others; do it anew: glore ${name} <recipe> --run ${folder}`,
      );
    }
    done.set(name, record);
  }
  return openAlone(folder, recipe);
}

/** Opens a run that is done, without what its base has become: its student has the same tokenizer. */
async function openAlone(folder: string, recipe: Recipe): Promise<Run> {
  if (recipe.models?.student) return openRunFolder(folder, recipe);
  const alone = { ...recipe, base: join(folder, 'student', 'model') };
  return openRunFolder(folder, alone, await readStudent(folder));
}

/** What `started.json` says that every stage depends on. */
const startedShape = z.object({
  settings: z.object({ common: z.record(z.string(), z.unknown()) }),
});

/** A finished run and its report. */
export interface FinishedRun {
  readonly run: Run;
  readonly report: Report;
}

/** A finished run and its report. It stands on its own: the tokenizer is its student's, whatever has become of the base. */
export async function readRun(folder: string): Promise<FinishedRun> {
  const report = await readReport(folder);
  const recipe = await readStoredRecipe(folder);
  return { run: await openAlone(folder, recipe), report };
}

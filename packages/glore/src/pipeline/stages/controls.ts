/** Controls on the test problems: what refinement would give without the draft, or without its place, and further training. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  attempt,
  attemptsShape,
  type Controlled,
  controls as controlsOf,
  controlsShape,
  recordsOf,
} from '../../evaluate/index.js';
import { roleNames } from '../../model/index.js';
import { collect, type StageContext } from '../../run/index.js';
import type { Run } from '../context.js';
import { readRetrained, retrainedFolder, rolesOf, withModels } from '../models.js';
import { readMeasured, readProblems } from '../records.js';
import { chunks, unitsOf } from '../units.js';
import { advancing, PROBLEMS_PER_UNIT, total, type Work, waitingIn } from './work.js';

export const controls: Work = async (run, context) => {
  const items = await controlledIn(run);
  const retrained = existsSync(retrainedFolder(run));
  context.progress.total((retrained ? 2 : 1) * items.length, 'problems');
  const spent = await refinedOtherwise(run, context, items);
  return { generatedTokens: spent + (retrained ? await attemptedAgain(run, context, items) : 0) };
};

/** The test problems with their records, each beside the draft of the next one. */
async function controlledIn(run: Run): Promise<Controlled[]> {
  const { attempts, refinements } = await readMeasured(run.folder, 'test');
  const records = recordsOf(attempts, refinements);
  const problems = await readProblems(run, 'test');
  return records.map((record, i) => ({
    ...record,
    problem: problems[i]!,
    other: records[(i + 1) % records.length]!.attempts.draft,
  }));
}

/** The refiners with less than they learned to read. Returns the tokens generated. */
async function refinedOtherwise(
  run: Run,
  context: StageContext,
  items: readonly Controlled[],
): Promise<number> {
  const { temperature } = run.recipe.evaluation;
  const { size, parallel } = unitsOf(run, roleNames, PROBLEMS_PER_UNIT, 8);
  const found = await withModels(
    run,
    roleNames,
    (models) =>
      collect({
        path: join(context.folder, 'test.controls.jsonl'),
        shape: controlsShape,
        units: chunks(items, size),
        key: ([first]) => first!.problem.id,
        work: (unit, kept) => {
          const { student: plain } = rolesOf(run, { student: models.global }, kept);
          const roles = rolesOf(run, models, kept);
          const seed = `${run.recipe.seed}/controls`;
          return controlsOf({ ...roles, plain }, run.codec, unit, { seed, temperature });
        },
        parallel,
        signal: context.signal,
        onUnit: advancing(context, (records) => records.length),
      }),
    waitingIn(context),
  );
  return total(
    found.flatMap(({ globalBlind, globalPlain, localRandom, beams = {} }) => [
      globalBlind,
      globalPlain,
      localRandom,
      ...Object.values(beams),
    ]),
  );
}

/** The retrained student's draft and samples, valued by both critics. Returns the tokens generated. */
async function attemptedAgain(
  run: Run,
  context: StageContext,
  items: readonly Controlled[],
): Promise<number> {
  const { samples, temperature } = run.recipe.evaluation;
  const seed = `${run.recipe.seed}/test`;
  const roles = ['student', 'orm', 'sorm'] as const;
  const { size, parallel } = unitsOf(run, roles, PROBLEMS_PER_UNIT, 8);
  const found = await withModels(
    run,
    roles,
    (models) =>
      collect({
        path: join(context.folder, 'test.retrained.jsonl'),
        shape: attemptsShape,
        units: chunks(
          items.map(({ problem }) => problem),
          size,
        ),
        key: ([first]) => first!.id,
        work: (unit, kept) =>
          attempt(rolesOf(run, models, kept), unit, { samples, temperature, seed }),
        parallel,
        signal: context.signal,
        onUnit: advancing(context, (records) => records.length),
      }),
    {
      ...waitingIn(context),
      checkpoints: { student: await readRetrained(run) },
    },
  );
  return total(found.flatMap(({ draft, samples: sampled }) => [draft, ...sampled]));
}

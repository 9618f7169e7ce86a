/** Attempts, refinements and later rounds of dev and test; thresholds come from dev alone. */
import { join } from 'node:path';
import type { z } from 'zod';
import {
  attempt,
  attemptsShape,
  cautionsOf,
  checkSameProblems,
  fitGate,
  fitThresholds,
  laterRounds,
  type ProblemAttempts,
  recordsOf,
  refinements,
  refinementsShape,
  roundsShape,
  type Thresholds,
} from '../../evaluate/index.js';
import { writeJson } from '../../files/index.js';
import { type RoleModel, type RoleName, type Roles, roleNames } from '../../model/index.js';
import type { Problem } from '../../problem/index.js';
import { collect, type StageContext } from '../../run/index.js';
import type { Run } from '../context.js';
import { rolesOf, withModels } from '../models.js';
import { readProblems } from '../records.js';
import { chunks, unitsOf } from '../units.js';
import { measureSpeeds } from './speeds.js';
import { evaluationTokens, type Measured } from './tokens.js';
import { advancing, PROBLEMS_PER_UNIT, type Work, waitingIn } from './work.js';

export const evaluation: Work = async (run, context) => {
  const { recipe, codec } = run;
  const dev = (await readProblems(run, 'dev')).slice(0, recipe.evaluation.dev);
  const test = (await readProblems(run, 'test')).slice(0, recipe.evaluation.problems);
  const passes = recipe.evaluation.rounds > 1 ? 3 : 2;
  context.progress.total(passes * (dev.length + test.length), 'problems');
  const measured = async (models: Record<RoleName, RoleModel>) => {
    const ofDev = await measure(run, context, models, 'dev', dev, async (attempts) => {
      const thresholds = fitThresholds(attempts);
      await writeJson(join(context.folder, 'thresholds.json'), thresholds);
      return thresholds;
    });
    const records = recordsOf(ofDev.attempts, ofDev.refined);
    for (const caution of cautionsOf(records, fitGate(records))) context.progress.note(caution);
    const ofTest = await measure(run, context, models, 'test', test, () => ofDev.thresholds);
    const speeds = await measureSpeeds(
      rolesOf(run, models),
      test.slice(0, PROBLEMS_PER_UNIT),
      recipe.workers,
    );
    await writeJson(join(context.folder, 'speeds.json'), speeds);
    return evaluationTokens(codec, [ofDev, ofTest]);
  };
  return withModels(run, roleNames, measured, waitingIn(context));
};

/** Everything that is measured on the problems of a split, with the thresholds that its attempts are followed by. */
async function measure(
  run: Run,
  context: StageContext,
  models: Record<RoleName, RoleModel>,
  split: 'dev' | 'test',
  problems: readonly Problem[],
  thresholdsFor: (attempts: readonly ProblemAttempts[]) => Thresholds | Promise<Thresholds>,
): Promise<Measured & { readonly thresholds: Thresholds }> {
  const { samples, temperature, rounds } = run.recipe.evaluation;
  const seed = `${run.recipe.seed}/${split}`;
  const { size, parallel } = unitsOf(run, roleNames, PROBLEMS_PER_UNIT, 8);
  const inUnits = <R extends { problem: string }>(
    name: string,
    shape: z.ZodType<R>,
    work: (roles: Roles, unit: Problem[]) => Promise<R[]>,
  ) =>
    collect({
      path: join(context.folder, `${split}.${name}.jsonl`),
      shape,
      units: chunks(problems, size),
      key: ([first]) => first!.id,
      work: (unit, kept) => work(rolesOf(run, models, kept), unit),
      parallel,
      signal: context.signal,
      onUnit: advancing<R>(context, (records) => records.length),
    });
  const attempts = await inUnits('attempts', attemptsShape, (roles, unit) =>
    attempt(roles, unit, { samples, temperature, seed }),
  );
  const thresholds = await thresholdsFor(attempts);
  const attemptsOn = recordsOn(problems, attempts);
  const refined = await inUnits('refinements', refinementsShape, (roles, unit) =>
    refinements(roles, unit, attemptsOn(unit), thresholds.locate),
  );
  const refinedOn = recordsOn(problems, refined);
  const threshold = thresholds.locate.sorm;
  const later =
    rounds === 1
      ? []
      : await inUnits('rounds', roundsShape, (roles, unit) =>
          laterRounds(roles, unit, refinedOn(unit), { rounds, threshold, temperature, seed }),
        );
  return { problems, attempts, refined, later, thresholds };
}

/** Finds the records of problems, which have one each. */
function recordsOn<R extends { readonly problem: string }>(
  all: readonly Problem[],
  records: readonly R[],
) {
  checkSameProblems(
    all.map(({ id }) => ({ problem: id })),
    records,
  );
  const byId = new Map(records.map((record) => [record.problem, record]));
  return (problems: readonly Problem[]): R[] => problems.map(({ id }) => byId.get(id)!);
}

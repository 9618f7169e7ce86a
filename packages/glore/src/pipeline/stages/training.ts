/** The two reward models and the two refiners. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, type Example, loadCheckpoint } from '@glore/engine';
import {
  type GlobalRecord,
  globalExample,
  type LocalRecord,
  localExample,
  type RewardRecord,
  rewardExample,
  type StudentRecord,
  studentExample,
} from '../../dataset/index.js';
import type { RoleName } from '../../model/index.js';
import { Random } from '../../problem/index.js';
import type { Training } from '../../recipe/index.js';
import { modelFolder, type Run, trainModel } from '../context.js';
import { undoubted } from './doubt.js';
import { isServed, ormSet, readSet, startOf, type Work } from './shared.js';

/** Trains one role on its set, from the student or what its recipe names. */
function training<R extends { readonly problem: string }>(
  role: 'orm' | 'global' | 'local',
  example: (run: Run, record: R) => Example,
  options: (run: Run) => Training & { readonly plain?: number; readonly start: RoleName | 'base' },
  /** All that is learned from. */
  gather: (run: Run) => Promise<R[]> = (run) => readSet<R>(run, role),
): Work {
  return async (run, context) => {
    if (isServed(run, role, context)) return {};
    const { plain = 0, start, examples, ...schedule } = options(run);
    const chosen = chosenOf(run, role, await gather(run), examples);
    // A refiner that only sees refinements forgets how to solve, so some plain solving is mixed in.
    const solved = new Random(run.recipe.seed, role, 'plain')
      .shuffle(plain > 0 ? await readSet<StudentRecord>(run, 'plain') : [])
      .slice(0, Math.round(plain * chosen.length));
    const { tokens } = await trainModel(run, context, {
      name: 'training',
      start: await startOf(run, start),
      examples: [
        ...chosen.map((record) => example(run, record)),
        ...solved.map((record) => studentExample(run.codec, record)),
      ],
      groups: [...chosen, ...solved].map(({ problem }) => problem),
      training: schedule,
      model: modelFolder(run, role),
    });
    return { trainedTokens: tokens };
  };
}

/** What a role learns from: its records in a seeded order, `most` of them at most. */
const chosenOf = <R>({ recipe }: Run, role: RoleName, records: readonly R[], most?: number): R[] =>
  new Random(recipe.seed, role, 'examples').shuffle(records).slice(0, most ?? records.length);

export const orm = training<RewardRecord>(
  'orm',
  ({ codec }, record) => rewardExample(codec, record),
  ({ recipe }) => {
    const { candidates: _, balance: __, ...settings } = recipe.training.orm;
    return settings;
  },
  async (run) => [...(await ormSet(run, 'samples')), ...(await ormSet(run, 'candidates'))],
);

/**
 * Trains the SORM. Where labels are to be doubted there is a first one of a single epoch, which then reads its own set and
 * learns for all epochs from the labels that are left.
 */
export const sorm: Work = async (run, context) => {
  if (isServed(run, 'sorm', context)) return {};
  const { start, doubt = 0, examples, ...schedule } = run.recipe.training.sorm;
  const records = chosenOf(run, 'sorm', await readSet<RewardRecord>(run, 'sorm'), examples);
  const learn = (name: string, from: Checkpoint, set: RewardRecord[], epochs: number, to: string) =>
    trainModel(run, context, {
      name,
      start: from,
      examples: set.map((record) => rewardExample(run.codec, record)),
      groups: set.map(({ problem }) => problem),
      training: { ...schedule, epochs },
      model: to,
    });
  const begin = await startOf(run, start);
  const model = modelFolder(run, 'sorm');
  if (doubt === 0) {
    const { tokens } = await learn('training', begin, records, schedule.epochs, model);
    return { trainedTokens: tokens };
  }
  const folder = join(context.folder, 'first-model');
  const before = existsSync(folder) ? 0 : (await learn('first', begin, records, 1, folder)).tokens;
  const first = await loadCheckpoint(folder);
  const { left, scoredTokens } = await undoubted(run, context, first, records, doubt);
  const { tokens } = await learn('training', first, left, schedule.epochs, model);
  return { trainedTokens: before + tokens, scoredTokens };
};

export const global = training<GlobalRecord>(
  'global',
  ({ codec }, record) => globalExample(codec, record),
  ({ recipe }) => recipe.training.global,
);

export const local = training<LocalRecord>(
  'local',
  ({ codec }, record) => localExample(codec, record),
  ({ recipe }) => recipe.training.local,
);

/** The two reward models and the two refiners. */
import type { Example } from '@glore/engine';
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
import { Random } from '../../problem/index.js';
import { modelFolder, type RoleName, type Run, trainModel } from '../context.js';
import type { Training } from '../recipe.js';
import { isServed, ormSet, readSet, startOf, type Work } from './shared.js';

/** Trains one role from the student on its set. */
function training<R extends { readonly problem: string }>(
  role: 'orm' | 'sorm' | 'global' | 'local',
  example: (run: Run, record: R) => Example,
  options: (run: Run) => Training & { readonly plain?: number; readonly start: RoleName | 'base' },
  /** All that is learned from. */
  gather: (run: Run) => Promise<R[]> = (run) => readSet<R>(run, role),
): Work {
  return async (run, context) => {
    if (isServed(run, role, context)) return {};
    const { plain = 0, start, ...settings } = options(run);
    const records = await gather(run);
    const chosen = new Random(run.recipe.seed, role, 'examples')
      .shuffle(records)
      .slice(0, settings.examples ?? records.length);
    // A refiner that only sees refinements forgets how to solve, so some plain solving is mixed in.
    const solved = new Random(run.recipe.seed, role, 'plain')
      .shuffle(plain > 0 ? await readSet<StudentRecord>(run, 'plain') : [])
      .slice(0, Math.round(plain * chosen.length));
    const { examples: _, ...schedule } = settings;
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

export const orm = training<RewardRecord>(
  'orm',
  ({ codec }, record) => rewardExample(codec, record),
  ({ recipe }) => {
    const { candidates: _, balance: __, ...settings } = recipe.training.orm;
    return settings;
  },
  async (run) => [...(await ormSet(run, 'samples')), ...(await ormSet(run, 'candidates'))],
);

export const sorm = training<RewardRecord>(
  'sorm',
  ({ codec }, record) => rewardExample(codec, record),
  ({ recipe }) => recipe.training.sorm,
);

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

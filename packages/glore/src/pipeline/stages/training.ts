/** The two reward models and the two refiners. */
import type { Example } from '@glore/engine';
import {
  type GlobalRecord,
  globalExample,
  type LocalRecord,
  localExample,
  ormRecords,
  type RewardRecord,
  rewardExample,
  type StudentRecord,
  studentExample,
} from '../../dataset/index.js';
import { Random } from '../../problem/index.js';
import type { Sample } from '../../rollout/index.js';
import { readJsonl } from '../../run/index.js';
import {
  modelFolder,
  pathIn,
  type RoleName,
  type Run,
  readProblems,
  trainModel,
} from '../context.js';
import type { Training } from '../recipe.js';
import { isServed, questionsOf, readSet, startOf, type Work } from './shared.js';

/** Trains one role from the student on its set. */
function training<R extends { readonly problem: string }>(
  role: 'orm' | 'sorm' | 'global' | 'local',
  example: (run: Run, record: R) => Example,
  options: (run: Run) => Training & { readonly plain?: number; readonly start: RoleName | 'base' },
  /** All that is learned from, given the role's set. */
  gather: (run: Run, set: R[]) => Promise<R[]> | R[] = (_, set) => set,
): Work {
  return async (run, context) => {
    if (isServed(run, role, context)) return {};
    const { plain = 0, start, ...settings } = options(run);
    const records = await gather(run, await readSet<R>(run, role));
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
  async (run, set) => {
    const { seed, training } = run.recipe;
    const candidates = ormRecords(
      await readJsonl<Sample>(pathIn(run, 'candidates', 'candidates.jsonl')),
      questionsOf(await readProblems(run, 'candidates')),
      { balance: training.orm.balance, seed: `${seed}/candidates` },
    );
    return [...set, ...candidates];
  },
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

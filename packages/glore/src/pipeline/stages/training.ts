/** The ORM and the two refiners, each fitted on its set. */
import type { Example } from '@glore/engine';
import type { Codec } from '../../codec/index.js';
import {
  type CompletionRow,
  chooseRecords,
  type GlobalRecord,
  globalExample,
  globalRow,
  type LocalRecord,
  localExample,
  localRow,
  type RewardRecord,
  rewardExample,
  type StepwiseRow,
  stepwiseRows,
  studentExample,
  studentRow,
} from '../../dataset/index.js';
import type { RoleName } from '../../model/index.js';
import type { Recipe, Training } from '../../recipe/index.js';
import type { Run } from '../context.js';
import { modelFolder, retrainedFolder, startOf, weightsUnder } from '../models.js';
import { ormSet, readSet } from '../records.js';
import { examplesOf, trainModel } from '../training.js';
import { elsewhere, isServed, type Work } from './work.js';

/** A refiner that only sees refinements forgets how to solve, so some plain solving is mixed in. */
const solvedBeside = async (run: Run, role: RoleName, plain: number, refinements: number) =>
  chooseRecords(
    plain > 0 ? await readSet(run, 'plain') : [],
    `${run.recipe.seed}/${role}/plain`,
    Math.round(plain * refinements),
  );

/** A record of outcomes as the recipe's ORM learns from it. */
const outcomeExample = (codec: Codec, record: RewardRecord, { orm }: Recipe['training']) =>
  rewardExample(codec, record, orm.everyToken ? 'outcome' : undefined);

/** Trains one role on its set, from the student or what its recipe names. */
function training<R extends { readonly problem: string }>(
  role: 'orm' | 'global' | 'local',
  example: (codec: Codec, record: R, training: Recipe['training']) => Example,
  options: (training: Recipe['training']) => Training & {
    readonly plain?: number;
    readonly start: RoleName | 'base';
    readonly together?: boolean | undefined;
  },
  /** All that is learned from. */
  gather: (run: Run) => Promise<R[]>,
  /** The same for a trainer outside this process. */
  rows: (records: readonly R[]) => (CompletionRow | StepwiseRow)[],
): Work {
  return async (run, context) => {
    const { codec, recipe } = run;
    const { plain = 0, start, examples, together, ...schedule } = options(recipe.training);
    const gathered = async () => {
      const chosen = chooseRecords(await gather(run), `${recipe.seed}/${role}/examples`, examples);
      return { chosen, solved: await solvedBeside(run, role, plain, chosen.length) };
    };
    if (isServed(run, role, context))
      return elsewhere(run, role, context, async () => {
        const { chosen, solved } = await gathered();
        return [...rows(chosen), ...solved.map(studentRow)];
      });
    const { chosen, solved } = await gathered();
    const trainedTokens = await trainModel(run, context, {
      name: 'training',
      start: await startOf(run, start),
      examples: [
        ...examplesOf(codec, chosen, (spelt, record) => example(spelt, record, recipe.training)),
        ...examplesOf(codec, solved, studentExample),
      ],
      training: schedule,
      together: together ?? role === 'orm',
      on: weightsUnder(run, role),
      model: modelFolder(run, role),
    });
    return { trainedTokens };
  };
}

export const orm = training<RewardRecord>(
  'orm',
  outcomeExample,
  ({ orm: { candidates: _, balance: __, everyToken: ___, ...settings } }) => settings,
  async (run) => [...(await ormSet(run, 'samples')), ...(await ormSet(run, 'candidates'))],
  stepwiseRows,
);

export const global = training<GlobalRecord>(
  'global',
  globalExample,
  (settings) => settings.global,
  (run) => readSet(run, 'global'),
  (records) => records.map(globalRow),
);

export const local = training<LocalRecord>(
  'local',
  localExample,
  (settings) => settings.local,
  (run) => readSet(run, 'local'),
  (records) => records.map(localRow),
);

/**
 * The control of refinement: the student, trained on as the global refiner is, with the same targets in as many updates, but
 * without the drafts. Where either of them is served there is none.
 */
export const retrained: Work = async (run, context) => {
  const { recipe, codec } = run;
  if ((['student', 'global'] as const).some((role) => isServed(run, role, context))) return {};
  const { plain, start: _, examples, ...training } = recipe.training.global;
  const chosen = chooseRecords(
    await readSet(run, 'global'),
    `${recipe.seed}/global/examples`,
    examples,
  );
  const targets = chosen.map(({ problem, question, target }) => ({ problem, question, ...target }));
  const solved = await solvedBeside(run, 'global', plain, chosen.length);
  const trainedTokens = await trainModel(run, context, {
    name: 'training',
    start: await startOf(run, 'student'),
    examples: examplesOf(codec, [...targets, ...solved], studentExample),
    training,
    on: weightsUnder(run, 'global'),
    model: retrainedFolder(run),
  });
  return { trainedTokens };
};

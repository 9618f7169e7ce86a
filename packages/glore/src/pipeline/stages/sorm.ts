/** The SORM; a first one, which is there for its doubts alone, is not trained again. */
import { join } from 'node:path';
import {
  chooseRecords,
  type RewardRecord,
  rewardExample,
  stepwiseRows,
} from '../../dataset/index.js';
import { trained } from '../../recipe/index.js';
import type { StageContext } from '../../run/index.js';
import { type GroupedExample, trainSorm } from '../../train/index.js';
import type { Run } from '../context.js';
import {
  folderName,
  modelFolder,
  readRole,
  readTrained,
  startOf,
  type Trained,
  weightsUnder,
} from '../models.js';
import { ormSet, readSet } from '../records.js';
import { serveTrained } from '../serving.js';
import { trainOutside, weightsOf } from '../trainer.js';
import { examplesOf, trainModel } from '../training.js';
import { tellDoubts, valuedTokens, valuesOf } from './doubt.js';
import { expectedExamples, readied } from './expected.js';
import { isServed, type Tokens, type Work } from './work.js';

export const sorm: Work = async (run, context) => {
  const { seed, training } = run.recipe;
  const {
    start,
    doubt = 0,
    examples,
    expected,
    outcomes,
    everyToken,
    together,
    ...schedule
  } = training.sorm;
  const chosen = async () =>
    chooseRecords(await readSet(run, 'sorm'), `${seed}/sorm/examples`, examples);
  if (isServed(run, 'sorm', context))
    return trained(run.recipe, 'sorm') ? outside(run, context, await chosen()) : {};
  const records = await chosen();
  const { lora } = schedule;
  const on = weightsUnder(run, 'sorm');
  const modelOf = (name: string) => join(context.folder, `${name}-${folderName(lora)}`);
  const phases = {
    expected: { name: 'expected', training: expected ?? schedule, model: modelOf('expected') },
    outcomes: {
      name: 'outcomes',
      training: { ...(outcomes ?? schedule), lora },
      model: modelOf('outcomes'),
    },
    first: { name: 'first', training: { ...schedule, epochs: 1 }, model: modelOf('first') },
    last: { name: 'training', training: schedule, model: modelFolder(run, 'sorm') },
  };
  let trainedTokens = 0;
  let scoredTokens = 0;
  const train = async (
    from: Trained,
    examples: readonly GroupedExample[],
    phase: keyof typeof phases,
  ) => {
    const training = { ...phases[phase], start: from, examples, together: together ?? true, on };
    trainedTokens += await trainModel(run, context, training);
    const found = { name: `${phase} SORM`, folder: phases[phase].model };
    return readTrained(run.folder, found, lora && from);
  };
  const fineTune = (
    from: Trained,
    set: readonly RewardRecord[],
    phase: Exclude<keyof typeof phases, 'expected'>,
  ) => {
    const every = phase === 'outcomes' ? 'outcome' : 'step';
    const examples = examplesOf(run.codec, set, (codec, record) =>
      rewardExample(codec, record, everyToken ? every : undefined),
    );
    return train(from, examples, phase);
  };
  /** The start, when it has learned to compare what is written with what the student expects. */
  const comparing = async (settings: NonNullable<typeof expected>) => {
    const learned = await expectedExamples(run, context, await readRole(run, 'student'), settings);
    scoredTokens += learned.scoredTokens;
    return train(readied(run, student, settings.layers), learned.examples, 'expected');
  };
  const student = await startOf(run, start);
  const ready = expected ? await comparing(expected) : student;
  const begun = outcomes
    ? await fineTune(
        ready,
        chooseRecords(await ormSet(run, 'samples'), `${seed}/sorm/outcomes`, outcomes.examples),
        'outcomes',
      )
    : ready;
  await trainSorm(begun, records, doubt, {
    fineTune,
    values: (first, set) => {
      scoredTokens += valuedTokens(run, set);
      return valuesOf(run, context, set, async () => ({ checkpoints: { sorm: first } }));
    },
    onDoubt: (doubted) => tellDoubts(run, context, records, doubted),
  });
  return scoredTokens === 0 ? { trainedTokens } : { trainedTokens, scoredTokens };
};

/** The same by a trainer: `first/` is the training of the first SORM, the stage's own folder that of the last. */
async function outside(
  run: Run,
  context: StageContext,
  records: readonly RewardRecord[],
): Promise<Tokens> {
  const { start, doubt = 0, ...schedule } = run.recipe.training.sorm;
  const first = join(context.folder, 'first');
  let scoredTokens = 0;
  await trainSorm(weightsOf(run, start), records, doubt, {
    fineTune: (from, set, phase) =>
      trainOutside(run, context, {
        role: 'sorm',
        ...(phase === 'first' ? { name: 'first SORM', folder: first } : { folder: context.folder }),
        start: from,
        schedule: phase === 'first' ? { ...schedule, epochs: 1 } : schedule,
        rows: async () => stepwiseRows(set),
      }),
    values: (_, set) => {
      scoredTokens = valuedTokens(run, set);
      return valuesOf(run, context, set, async () => {
        await serveTrained(run, context, 'sorm', first);
        return {};
      });
    },
    onDoubt: (doubted) => tellDoubts(run, context, records, doubted),
  });
  await serveTrained(run, context, 'sorm', context.folder);
  return scoredTokens === 0 ? {} : { scoredTokens };
}

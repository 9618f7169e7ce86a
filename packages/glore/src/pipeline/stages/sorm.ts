/** The SORM; a first one, which is there for its doubts alone, is not trained again. */
import { join } from 'node:path';
import {
  chooseRecords,
  type RewardRecord,
  rewardExample,
  stepwiseRows,
} from '../../dataset/index.js';
import { writeJson } from '../../files/index.js';
import { type GroupedExample, trainSorm } from '../../train/index.js';
import {
  folderName,
  modelFolder,
  readRole,
  readTrained,
  rolesOf,
  startOf,
  type Trained,
  weightsUnder,
  withModels,
} from '../models.js';
import { ormSet, readProblems, readSet } from '../records.js';
import { examplesOf, trainModel } from '../training.js';
import { expectedExamples, readied } from './expected.js';
import { doubtSummary } from './truth.js';
import { elsewhere, isServed, type Work, waitingIn } from './work.js';

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
    return elsewhere(run, 'sorm', context, async () => stepwiseRows(await chosen()));
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
    const trained = { ...phases[phase], start: from, examples, together: together ?? true, on };
    trainedTokens += await trainModel(run, context, trained);
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
    values: (checkpoint, set) =>
      withModels(
        run,
        ['sorm'],
        async (models) => {
          const critic = rolesOf(run, models).sorm;
          const values = await critic.values(
            set.map((record) => ({ question: record.question, solution: record })),
          );
          scoredTokens += critic.meter.scored;
          return values;
        },
        { ...waitingIn(context), checkpoints: { sorm: checkpoint } },
      ),
    onDoubt: async (doubted) => {
      const summary = doubtSummary(records, doubted, await readProblems(run, 'train'));
      await writeJson(join(context.folder, 'doubted.json'), summary);
      const known =
        summary.wrongSteps === null
          ? ''
          : `; ${summary.wrongSteps} of the ${summary.doubtedSteps} that are of steps are wrong`;
      context.progress.note(
        `${summary.doubted} of ${summary.positive} positive labels are doubted and left out${known}`,
      );
    },
  });
  return scoredTokens === 0 ? { trainedTokens } : { trainedTokens, scoredTokens };
};

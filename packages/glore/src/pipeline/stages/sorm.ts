/** The SORM; a first one, which is there for its doubts alone, is not trained again. */
import { join } from 'node:path';
import {
  chooseRecords,
  type RewardRecord,
  rewardExample,
  stepwiseRows,
} from '../../dataset/index.js';
import { writeJson } from '../../files/index.js';
import { trainSorm } from '../../train/index.js';
import {
  folderName,
  modelFolder,
  readTrained,
  rolesOf,
  startOf,
  type Trained,
  weightsUnder,
  withModels,
} from '../models.js';
import { ormSet, readProblems, readSet } from '../records.js';
import { examplesOf, trainModel } from '../training.js';
import { doubtSummary } from './truth.js';
import { elsewhere, isServed, type Work, waitingIn } from './work.js';

export const sorm: Work = async (run, context) => {
  const { seed, training } = run.recipe;
  const { start, doubt = 0, examples, outcomes, everyToken, ...schedule } = training.sorm;
  const chosen = async () =>
    chooseRecords(await readSet(run, 'sorm'), `${seed}/sorm/examples`, examples);
  if (isServed(run, 'sorm', context))
    return elsewhere(run, 'sorm', context, async () => stepwiseRows(await chosen()));
  const records = await chosen();
  const { lora } = schedule;
  const on = weightsUnder(run, 'sorm');
  const modelOf = (name: string) => join(context.folder, `${name}-${folderName(lora)}`);
  const phases = {
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
  const fineTune = async (
    from: Trained,
    set: readonly RewardRecord[],
    phase: keyof typeof phases,
  ) => {
    const every = phase === 'outcomes' ? 'outcome' : 'step';
    const examples = examplesOf(run.codec, set, (codec, record) =>
      rewardExample(codec, record, everyToken ? every : undefined),
    );
    const trained = { ...phases[phase], start: from, examples, together: true, on };
    trainedTokens += await trainModel(run, context, trained);
    const found = { name: `${phase} SORM`, folder: phases[phase].model };
    return readTrained(run.folder, found, lora && from);
  };
  const student = await startOf(run, start);
  const begun = outcomes
    ? await fineTune(
        student,
        chooseRecords(await ormSet(run, 'samples'), `${seed}/sorm/outcomes`, outcomes.examples),
        'outcomes',
      )
    : student;
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
          scoredTokens = critic.meter.scored;
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
  return doubt === 0 ? { trainedTokens } : { trainedTokens, scoredTokens };
};

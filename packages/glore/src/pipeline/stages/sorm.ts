/** The SORM; a first one, which is there for its doubts alone, is not trained again. */
import { join } from 'node:path';
import { loadCheckpoint } from '@glore/engine';
import { chooseRecords, rewardExample, stepwiseRows } from '../../dataset/index.js';
import { writeJson } from '../../files/index.js';
import { trainSorm } from '../../train/index.js';
import { modelFolder, rolesOf, startOf, withModels } from '../models.js';
import { readProblems, readSet } from '../records.js';
import { examplesOf, trainModel } from '../training.js';
import { doubtSummary } from './truth.js';
import { elsewhere, isServed, type Work, waitingIn } from './work.js';

export const sorm: Work = async (run, context) => {
  const { seed, training } = run.recipe;
  const { start, doubt = 0, examples, ...schedule } = training.sorm;
  const chosen = async () =>
    chooseRecords(await readSet(run, 'sorm'), `${seed}/sorm/examples`, examples);
  if (isServed(run, 'sorm', context))
    return elsewhere(run, 'sorm', context, async () => stepwiseRows(await chosen()));
  const records = await chosen();
  const firstModel = join(context.folder, 'first-model');
  const phases = {
    first: { name: 'first', training: { ...schedule, epochs: 1 }, model: firstModel },
    last: { name: 'training', training: schedule, model: modelFolder(run, 'sorm') },
  };
  let trainedTokens = 0;
  let scoredTokens = 0;
  await trainSorm(await startOf(run, start), records, doubt, {
    fineTune: async (from, set, phase) => {
      const examples = examplesOf(run.codec, set, rewardExample);
      const trained = { ...phases[phase], start: from, examples, together: true };
      trainedTokens += await trainModel(run, context, trained);
      return loadCheckpoint(phases[phase].model);
    },
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

/** The student, by Expert Iteration; a round that is done is not done again. */
import { join } from 'node:path';
import { loadCheckpoint, saveCheckpoint } from '@glore/engine';
import { studentExample, workedRecords } from '../../dataset/index.js';
import { writeJson } from '../../files/index.js';
import { expertIteration } from '../../train/index.js';
import { modelFolder } from '../models.js';
import { readProblems } from '../records.js';
import { setsRead } from '../sets.js';
import { examplesOf, trainModel } from '../training.js';
import { sampleProblems } from './drafts.js';
import { isServed, total, type Work } from './work.js';

export const student: Work = async (run, context) => {
  if (isServed(run, 'student', context)) return {};
  const { recipe, base, codec } = run;
  const { sft, expertIteration: later } = recipe.student;
  const inFolder = (name: string) => join(context.folder, name);
  const [solved = [], ...rounds] = await Promise.all(
    setsRead(recipe, 'student').map(({ name }) => readProblems(run, name)),
  );
  const worked = workedRecords(solved);
  let generatedTokens = 0;
  let trainedTokens = 0;
  const last = await expertIteration(base, worked, rounds, {
    fineTune: async (start, records, round) => {
      const model = inFolder(`round-${round}`);
      if (round === 0 && records.length === 0) {
        context.progress.note(
          'no worked solutions to learn from: the student begins as the base is',
        );
        await saveCheckpoint(model, start);
      } else {
        trainedTokens += await trainModel(run, context, {
          name: `training-${round}`,
          start,
          examples: examplesOf(codec, records, studentExample),
          training: round === 0 ? sft : later,
          model,
        });
      }
      return loadCheckpoint(model);
    },
    sample: async (checkpoint, problems, round) => {
      const samples = await sampleProblems(run, context, problems, {
        path: inFolder(`samples-${round}.jsonl`),
        sampling: { count: later.samples, temperature: later.temperature, seed: `ei-${round}` },
        checkpoint,
      });
      generatedTokens += total(samples);
      return samples;
    },
    onRound: (round, samples, records) =>
      writeJson(inFolder(`samples-${round}.summary.json`), {
        samples: samples.length,
        right: samples.filter(({ right }) => right).length,
        distinctRight: records.length - worked.length,
      }),
  });
  await saveCheckpoint(modelFolder(run, 'student'), last);
  return { generatedTokens, trainedTokens };
};

/** The student, by Expert Iteration; a round that is done is not done again. `rounds.json` is the curve of them on dev. */
import { join } from 'node:path';
import { saveCheckpoint } from '@glore/engine';
import { studentExample, studentRow, workedRecords } from '../../dataset/index.js';
import { writeJson } from '../../files/index.js';
import type { Problem } from '../../problem/index.js';
import { expertIteration } from '../../train/index.js';
import { modelFolder, readTrained } from '../models.js';
import { readProblems } from '../records.js';
import { roundSets } from '../sets.js';
import { examplesOf, trainModel } from '../training.js';
import { sampleProblems } from './drafts.js';
import { checkSolvable } from './enough.js';
import type { Round } from './rounds.js';
import { elsewhere, isServed, rightShare, total, type Work } from './work.js';

export const student: Work = async (run, context) => {
  if (isServed(run, 'student', context))
    return elsewhere(run, 'student', context, async () =>
      workedRecords(await readProblems(run, 'sft')).map(studentRow),
    );
  const { recipe, base, codec } = run;
  const { sft, expertIteration: later } = recipe.student;
  const inFolder = (name: string) => join(context.folder, name);
  const names = roundSets(recipe);
  // Rounds may be of the same set.
  const sets = new Map<string, Problem[]>();
  for (const name of new Set(names)) sets.set(name, await readProblems(run, name));
  const rounds = names.map((name) => sets.get(name)!);
  const dev = later.until === undefined ? [] : await readProblems(run, 'dev');
  const examples = await readProblems(run, 'sft');
  checkSolvable(run, [...examples, ...rounds.flat(), ...dev]);
  const worked = workedRecords(examples);
  const curve: Round[] = [];
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
      return readTrained(run.folder, { name: `student of round ${round}`, folder: model });
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
    enough: async (checkpoint, round) => {
      if (later.until === undefined) return false;
      const drafts = await sampleProblems(run, context, dev, {
        path: inFolder(`dev-${round}.jsonl`),
        sampling: { count: 1, temperature: 0, seed: `dev-${round}` },
        checkpoint,
      });
      generatedTokens += total(drafts);
      const right = drafts.filter((draft) => draft.right).length;
      curve.push({ round, right, problems: drafts.length });
      await writeJson(inFolder('rounds.json'), curve);
      context.progress.note(
        `round ${round}: ${rightShare(drafts)} of ${drafts.length} dev problems`,
      );
      const before = curve.at(-2);
      return before !== undefined && (right - before.right) / drafts.length < later.until;
    },
  });
  await saveCheckpoint(modelFolder(run, 'student'), last);
  return { generatedTokens, trainedTokens };
};

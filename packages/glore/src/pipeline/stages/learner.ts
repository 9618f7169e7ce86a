/** Where the student of a round learns: in this process, or by a trainer outside it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Checkpoint, saveCheckpoint } from '@glore/engine';
import { studentExample, studentRow } from '../../dataset/index.js';
import { type Recipe, trained } from '../../recipe/index.js';
import type { StageContext } from '../../run/index.js';
import { type RoundWork, tokensLearned } from '../../train/index.js';
import type { Run } from '../context.js';
import { modelFolder, type Opening, readTrained } from '../models.js';
import { serveTrained } from '../serving.js';
import { keepTrained, trainOutside } from '../trainer.js';
import { examplesOf, trainModel } from '../training.js';

/** What makes the students of rounds; a student is whatever it makes of it. */
export interface Learner<Model> {
  readonly base: Model;
  readonly fineTune: RoundWork<Model>['fineTune'];
  /** Readies a student to be asked. */
  readonly ready: (student: Model) => Promise<Pick<Opening, 'checkpoints'>>;
  /** Makes the last one the run's. */
  readonly keep: (student: Model) => Promise<void>;
  /** Of all rounds so far. */
  readonly trainedTokens: () => number;
}

/** SFT has a schedule of its own, whatever has rounds the other one. */
const scheduleOf = ({ student }: Recipe, round: number) =>
  round === 0 ? student.sft : student.expertIteration;

/** Students are checkpoints that are read when they are asked: `round-<n>/`, and `model/` of the last one. */
export function learnerHere(run: Run, context: StageContext): Learner<() => Promise<Checkpoint>> {
  const inFolder = (name: string) => join(context.folder, name);
  let trainedTokens = 0;
  return {
    base: async () => run.base,
    fineTune: async (start, records, round) => {
      const [name, model] = [`training-${round}`, inFolder(`round-${round}`)];
      // Of a round that another one has followed nobody asks anything any more, so that its model need not be kept.
      const followed = existsSync(inFolder(`training-${round + 1}.mask.json`));
      if (followed && !existsSync(model)) {
        trainedTokens += (await tokensLearned(inFolder(name))) ?? 0;
      } else if (round === 0 && records.length === 0) {
        context.progress.note(
          'no worked solutions to learn from: the student begins as the base is',
        );
        await saveCheckpoint(model, await start());
      } else {
        trainedTokens += await trainModel(run, context, {
          name,
          start: await start(),
          examples: examplesOf(run.codec, records, studentExample),
          training: scheduleOf(run.recipe, round),
          model,
        });
      }
      return () => readTrained(run.folder, { name: `student of round ${round}`, folder: model });
    },
    ready: async (student) => ({ checkpoints: { student: await student() } }),
    keep: async (student) => saveCheckpoint(modelFolder(run, 'student'), await student()),
    trainedTokens: () => trainedTokens,
  };
}

/**
 * Students are folders of trainings: `round-<n>/`, of which the last one's is the stage's own too; where there are no rounds
 * the stage has but that one. Each is served when it is first asked, in the place of the one before.
 */
export function learnerOutside(run: Run, context: StageContext): Learner<string> {
  const { base } = trained(run.recipe, 'student')!;
  const { rounds } = run.recipe.student.expertIteration;
  let served: string | undefined;
  const ready = async (student: string) => {
    if (student !== served) await serveTrained(run, context, 'student', student);
    served = student;
    return {};
  };
  return {
    base,
    fineTune: async (_, records, round) => {
      const folder = rounds === 0 ? context.folder : join(context.folder, `round-${round}`);
      await trainOutside(run, context, {
        role: 'student',
        name: rounds === 0 ? 'student' : `student of round ${round}`,
        folder,
        start: { base },
        schedule: scheduleOf(run.recipe, round),
        rows: async () => records.map(studentRow),
      });
      return folder;
    },
    ready,
    keep: async (student) => {
      await keepTrained(run, 'student', student);
      await ready(student);
    },
    trainedTokens: () => 0,
  };
}

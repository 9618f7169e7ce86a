/** Samples of the student on fresh training problems, and sampling problems in general. */
import { join } from 'node:path';
import type { Problem } from '../../problem/index.js';
import {
  type Sample,
  type SampleOptions,
  sampleShape,
  sampleSolutions,
} from '../../rollout/index.js';
import { collect, type StageContext } from '../../run/index.js';
import type { Run } from '../context.js';
import { type Opening, rolesOf, withModels } from '../models.js';
import { problemsIn, readProblems } from '../records.js';
import { chunks, unitsOf } from '../units.js';
import { answerCounter, checkDrafts } from './enough.js';
import { advancing, openingFor, PROBLEMS_PER_UNIT, rightShare, total, type Work } from './work.js';

export const drafts: Work = async (run, context) => {
  const { samples: count, temperature, further } = run.recipe.drafts;
  const list = await readProblems(run, 'train');
  const samples = await sampleProblems(run, context, list, {
    path: join(context.folder, 'samples.jsonl'),
    sampling: { count, temperature, further, seed: 'drafts' },
  });
  const solved = problemsIn(samples.filter(({ right }) => right));
  context.progress.note(
    `${samples.length} samples, ${rightShare(samples)}; ${solved} of ${list.length} problems solved`,
  );
  // A shard sees but a part of them.
  if (!context.shard) checkDrafts(run, samples);
  return { generatedTokens: total(samples) };
};

/** Samples of the student, or of another one in its place, on problems, journalled by units. */
export async function sampleProblems(
  run: Run,
  context: StageContext,
  list: readonly Problem[],
  options: {
    readonly path: string;
    /** The seed is the run's, continued with this one. */
    readonly sampling: SampleOptions;
    /** Readies another student, if any is to be asked. */
    readonly ready?: () => Promise<Pick<Opening, 'checkpoints'>>;
  },
): Promise<Sample[]> {
  const { path, ready } = options;
  const sampling = { ...options.sampling, seed: `${run.recipe.seed}/${options.sampling.seed}` };
  const { size, parallel } = unitsOf(run, ['student'], PROBLEMS_PER_UNIT, 1);
  context.progress.total(list.length, 'problems');
  const counted = answerCounter(run);
  const advanced = advancing(context, problemsIn, rightShare);
  const { asked, opening } = await openingFor('student', path, context, ready);
  const samples = await withModels(
    run,
    asked,
    (models) =>
      collect({
        path,
        shape: sampleShape,
        units: chunks(list, size),
        key: ([first]) => first!.id,
        work: (unit, kept) => sampleSolutions(rolesOf(run, models, kept).student, unit, sampling),
        parallel,
        shard: context.shard,
        signal: context.signal,
        onUnit: (...unit) => {
          advanced(...unit);
          counted(unit[2]);
        },
      }),
    opening,
  );
  // A shard cannot know that there will be no more.
  if (!context.shard) counted([], true);
  return samples;
}

/** Rollouts from prefixes of the chosen wrong samples: those on which a label hangs, or all. */
import { join } from 'node:path';
import { verifies } from '../../label/index.js';
import {
  type AdaptiveOptions,
  adaptiveRollouts,
  alsoRollouts,
  byProblem,
  type RolloutItem,
  rolloutShape,
  rolloutsFrom,
} from '../../rollout/index.js';
import { collect } from '../../run/index.js';
import { rolesOf, withModels } from '../models.js';
import { readProblems, readSamples, samplesToLabel } from '../records.js';
import { chunks, unitsOf } from '../units.js';
import { advancing, total, type Work, waitingIn } from './work.js';

/** Problems whose wrong samples are rolled out as one unit where the student is embedded. */
const PROBLEMS_PER_UNIT = 24;

export const rollouts: Work = async (run, context) => {
  const { seed, drafts, rollouts: settings, labels } = run.recipe;
  const { method, count, temperature } = settings;
  const byId = new Map((await readProblems(run, 'train')).map((problem) => [problem.id, problem]));
  const samples = await readSamples(run, byId);
  const { wrong } = samplesToLabel(run, samples);
  const options: AdaptiveOptions = {
    count,
    temperature,
    seed: `${seed}/rollouts`,
    ...(settings.others !== false && {
      drafts: alsoRollouts(samples, { sampledAt: drafts.temperature, temperature }),
    }),
    verifies: (prefix, trace) => verifies(prefix, trace, labels.consistency),
  };
  const rollOut = method === 'brute' ? rolloutsFrom : adaptiveRollouts;
  context.progress.total(wrong.length, 'samples');
  const { size, parallel } = unitsOf(run, ['student'], PROBLEMS_PER_UNIT, 1);
  const records = await withModels(
    run,
    ['student'],
    (models) =>
      collect({
        path: join(context.folder, 'rollouts.jsonl'),
        shape: rolloutShape,
        // Whole problems: the samples of one share what is known of it.
        units: chunks([...byProblem(wrong).values()], size),
        key: ([first]) => first![0]!.problem,
        work: (unit, kept) => {
          const items = unit
            .flat()
            .map((sample): RolloutItem => ({ problem: byId.get(sample.problem)!, sample }));
          return rollOut(rolesOf(run, models, kept).student, items, options);
        },
        parallel,
        shard: context.shard,
        signal: context.signal,
        onUnit: advancing(context, (found) => found.length),
      }),
    waitingIn(context),
  );
  return { generatedTokens: total(records) };
};

/** What the ORM will have to choose among, which samples of the student are not: judged by their answers. */
import { join } from 'node:path';
import { writeCandidates } from '../../refine/index.js';
import { judged, sampleShape } from '../../rollout/index.js';
import { collect } from '../../run/index.js';
import { rolesOf, withModels } from '../models.js';
import { problemsIn, readProblems } from '../records.js';
import { chunks, unitsOf } from '../units.js';
import { advancing, PROBLEMS_PER_UNIT, rightShare, total, type Work, waitingIn } from './work.js';

/** A line is wrong below this before a threshold has been fitted. */
const HALF = 0.5;

/** Draft, global and local refinement of fresh training problems. */
export const candidates: Work = async (run, context) => {
  // A run may take its problems from one that has more of them.
  const list = (await readProblems(run, 'candidates')).slice(0, run.recipe.training.orm.candidates);
  context.progress.total(list.length, 'problems');
  const needed = ['student', 'sorm', 'global', 'local'] as const;
  const { size, parallel } = unitsOf(run, needed, PROBLEMS_PER_UNIT, 8);
  const found = await withModels(
    run,
    needed,
    (models) =>
      collect({
        path: join(context.folder, 'candidates.jsonl'),
        shape: sampleShape,
        units: chunks(list, size),
        key: ([first]) => first!.id,
        work: async (unit, kept) => {
          const questions = unit.map(({ question }) => question);
          const written = await writeCandidates(questions, rolesOf(run, models, kept), HALF);
          // They are greedy, so that no seed is behind them.
          return unit.flatMap((problem, i) =>
            written[i]!.map((solution, index) => judged(problem, solution, index, 0)),
          );
        },
        parallel,
        signal: context.signal,
        onUnit: advancing(context, problemsIn, rightShare),
      }),
    waitingIn(context),
  );
  return { generatedTokens: total(found) };
};

/** The student, by Expert Iteration; a round that is done is not done again. `rounds.json` is the curve of them on dev. */
import { join } from 'node:path';
import { workedRecords } from '../../dataset/index.js';
import { writeJson } from '../../files/index.js';
import type { Problem } from '../../problem/index.js';
import { trained } from '../../recipe/index.js';
import type { StageContext } from '../../run/index.js';
import { expertIteration } from '../../train/index.js';
import type { Run } from '../context.js';
import { readProblems } from '../records.js';
import { roundSets } from '../sets.js';
import { sampleProblems } from './drafts.js';
import { checkSolvable } from './enough.js';
import { type Learner, learnerHere, learnerOutside } from './learner.js';
import type { Round } from './rounds.js';
import { isServed, rightShare, type Tokens, total, type Work } from './work.js';

export const student: Work = async (run, context) => {
  if (!isServed(run, 'student', context)) return iterate(run, context, learnerHere(run, context));
  if (!trained(run.recipe, 'student')) return {};
  return iterate(run, context, learnerOutside(run, context));
};

async function iterate<Model>(
  run: Run,
  context: StageContext,
  { base, fineTune, ready, keep, trainedTokens }: Learner<Model>,
): Promise<Tokens> {
  const { recipe } = run;
  const { expertIteration: later } = recipe.student;
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
  const last = await expertIteration(base, worked, rounds, {
    fineTune,
    sample: async (student, problems, round) => {
      const samples = await sampleProblems(run, context, problems, {
        path: inFolder(`samples-${round}.jsonl`),
        sampling: { count: later.samples, temperature: later.temperature, seed: `ei-${round}` },
        ready: () => ready(student),
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
    enough: async (student, round) => {
      if (later.until === undefined) return false;
      const drafts = await sampleProblems(run, context, dev, {
        path: inFolder(`dev-${round}.jsonl`),
        sampling: { count: 1, temperature: 0, seed: `dev-${round}` },
        ready: () => ready(student),
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
  await keep(last);
  return { generatedTokens, trainedTokens: trainedTokens() };
}

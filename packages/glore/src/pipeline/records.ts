/** The records of earlier stages, read from a run's folder, and what follows from them alone. */
import { existsSync } from 'node:fs';
import {
  correctRecords,
  ormRecords,
  questionsOf,
  type RewardRecord,
  type StudentRecord,
  workedRecords,
} from '../dataset/index.js';
import { chooseSamples, type LabelledSample } from '../label/index.js';
import type { Problem } from '../problem/index.js';
import { learnedFrom, type RolloutRecord, type Sample } from '../rollout/index.js';
import { readJsonl } from '../run/index.js';
import { pathIn, type Run } from './context.js';
import { roundSets } from './sets.js';

export const readProblems = (run: Run, set: string): Promise<Problem[]> =>
  readJsonl<Problem>(pathIn(run, 'problems', `${set}.jsonl`));

export const readQuestions = async (run: Run, set: string): Promise<Map<string, string>> =>
  questionsOf(await readProblems(run, set));

/** What the last student has learned from. Where it is served there were no rounds. */
export async function studentRecords(run: Run): Promise<StudentRecord[]> {
  const worked = workedRecords(await readProblems(run, 'sft'));
  if (run.recipe.models?.student) return worked;
  const samples: Sample[] = [];
  const questions = new Map<string, string>();
  for (const [i, set] of roundSets(run.recipe).entries()) {
    const path = pathIn(run, 'student', `samples-${i + 1}.jsonl`);
    // Rounds may have ended early.
    if (!existsSync(path)) break;
    samples.push(...(await readJsonl<Sample>(path)));
    for (const [id, question] of await readQuestions(run, set)) questions.set(id, question);
  }
  return [...worked, ...correctRecords(samples, questions)];
}

/** The student's samples that are learned from. */
export const readSamples = async (run: Run): Promise<Sample[]> =>
  learnedFrom(
    await readJsonl<Sample>(pathIn(run, 'drafts', 'samples.jsonl')),
    run.recipe.drafts.samples,
  );

/** Those of the samples whose steps are labelled. */
export const samplesToLabel = ({ recipe }: Run, samples: readonly Sample[]) =>
  chooseSamples(samples, {
    most: recipe.rollouts.samples,
    seed: `${recipe.seed}/labelled`,
    unsolved: recipe.rollouts.unsolved,
  });

export const readRollouts = (run: Run): Promise<RolloutRecord[]> =>
  readJsonl<RolloutRecord>(pathIn(run, 'rollouts', 'rollouts.jsonl'));

export const readLabels = (run: Run): Promise<LabelledSample[]> =>
  readJsonl<LabelledSample>(pathIn(run, 'labels', 'labels.jsonl'));

export const readSet = <T>(run: Run, name: string): Promise<T[]> =>
  readJsonl<T>(pathIn(run, 'datasets', `${name}.jsonl`));

/** What the ORM learns from samples, whose outcome is their label: the student's, or candidates for reranking. */
export async function ormSet(run: Run, of: 'samples' | 'candidates'): Promise<RewardRecord[]> {
  const { seed, training } = run.recipe;
  const [samples, problems, name] =
    of === 'samples'
      ? ([await readSamples(run), 'train', 'orm'] as const)
      : ([
          await readJsonl<Sample>(pathIn(run, 'candidates', 'candidates.jsonl')),
          'candidates',
          'candidates',
        ] as const);
  return ormRecords(samples, await readQuestions(run, problems), {
    balance: training.orm.balance,
    seed: `${seed}/${name}`,
  });
}

/** How many problems records are of. */
export const problemsIn = (records: readonly { readonly problem: string }[]): number =>
  new Set(records.map(({ problem }) => problem)).size;

/** What the stages share: their type, counts, progress, and the records of earlier stages. */
import { distinct } from '../../codec/index.js';
import {
  byProblem,
  ormRecords,
  type RewardRecord,
  type StudentRecord,
} from '../../dataset/index.js';
import type { RoleName } from '../../model/index.js';
import { type Problem, Random } from '../../problem/index.js';
import { learnedFrom, type RolloutRecord, type Sample } from '../../rollout/index.js';
import { readJsonl, type StageContext } from '../../run/index.js';
import { pathIn, type Run, readProblems, readRole } from '../context.js';
import type { Waiting } from '../served.js';

/** Problems sampled as one unit of work, and problems whose wrong samples are rolled out as one. */
export const PROBLEMS_PER_UNIT = 64;
export const ROLLED_OUT_PER_UNIT = 24;

export interface Tokens {
  readonly generatedTokens?: number;
  readonly scoredTokens?: number;
  readonly trainedTokens?: number;
}

export type Work = (run: Run, context: StageContext) => Promise<Tokens>;

export const total = (records: readonly { readonly tokens: number }[]): number =>
  records.reduce((sum, { tokens }) => sum + tokens, 0);
export const questionsOf = (problems: readonly Problem[]) =>
  new Map(problems.map(({ id, question }) => [id, question]));

/** Correct and distinct samples. */
export const correct = (
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
): StudentRecord[] =>
  [...byProblem(samples.filter(({ right }) => right)).values()].flatMap((group) =>
    distinct(group).map(({ problem, steps, answer }) => ({
      problem,
      question: questions.get(problem)!,
      steps,
      answer,
    })),
  );

/** Served models wait where this process sees it, and begin nothing once it is to stop. */
export const waitingIn = ({ signal, progress, shard }: StageContext): Waiting => ({
  signal,
  shard,
  note: (text) => progress.note(text),
});

/** Whether a role's model is served, so that there is nothing to train. */
export function isServed(run: Run, role: RoleName, { progress }: StageContext): boolean {
  const served = run.recipe.models?.[role];
  if (served) progress.note(`${role} is served (${served.endpoint}: ${served.model}), not trained`);
  return served !== undefined;
}

/** The checkpoint that training starts from: the base where that role is served. */
export const startOf = (run: Run, role: RoleName | 'base') =>
  role === 'base' || run.recipe.models?.[role] ? run.base : readRole(run, role);

/** Progress of a collection, what was found in its journal apart: it must not count into the rate. */
export function advancing<R>(
  { progress }: StageContext,
  units: (records: readonly R[]) => number,
  detail?: (records: readonly R[]) => string,
) {
  return (_done: number, _total: number, records: readonly R[], resumed: boolean): void => {
    if (resumed) progress.resume(units(records));
    else progress.advance(units(records), detail?.(records));
  };
}

/** How many problems records are of. */
export const problemsIn = (records: readonly { readonly problem: string }[]): number =>
  new Set(records.map(({ problem }) => problem)).size;

export const rightShare = (samples: readonly Sample[]): string =>
  `${Math.round((100 * samples.filter(({ right }) => right).length) / Math.max(1, samples.length))}% right`;

/** The student's samples that are learned from. */
export const readSamples = async (run: Run): Promise<Sample[]> =>
  learnedFrom(
    await readJsonl<Sample>(pathIn(run, 'drafts', 'samples.jsonl')),
    run.recipe.drafts.samples,
  );

export const readRollouts = (run: Run) =>
  readJsonl<RolloutRecord>(pathIn(run, 'rollouts', 'rollouts.jsonl'));

export const readSet = <T>(run: Run, name: string) =>
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
  return ormRecords(samples, questionsOf(await readProblems(run, problems)), {
    balance: training.orm.balance,
    seed: `${seed}/${name}`,
  });
}

/**
 * The samples whose steps are labelled: distinct wrong ones of problems that the student has also solved, and as many right
 * ones, which need no rollouts. Where no sample is right the student mostly lacks a skill, rollouts fail from right prefixes
 * too, and a quarter of the labels would be false.
 */
export function toLabel(
  run: Run,
  samples: readonly Sample[],
): { wrong: Sample[]; right: Sample[] } {
  const { seed, rollouts: options } = run.recipe;
  const solved = [...byProblem(samples).values()].filter((group) =>
    group.some((sample) => sample.right),
  );
  const pick = (right: boolean) => {
    const all = solved.flatMap((group) =>
      distinct(group.filter((sample) => sample.right === right && sample.steps.length > 0)),
    );
    const chosen = new Set(
      new Random(seed, 'labelled', String(right)).shuffle(all).slice(0, options.samples),
    );
    return all.filter((sample) => chosen.has(sample));
  };
  return { wrong: pick(false), right: pick(true) };
}

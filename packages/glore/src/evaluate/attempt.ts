/** Makes the records of an evaluation: drafts, samples and refinements of each problem, with their verdicts. */
import type { Solution } from '../codec/index.js';
import type { Generated, Roles } from '../model/index.js';
import { judgeSteps, type Problem } from '../problem/index.js';
import {
  locateFirstError,
  REFINE_ALL,
  refine,
  refineInRounds,
  type Source,
} from '../refine/index.js';
import { isRight, seedOf } from '../rollout/index.js';
import {
  type Attempt,
  type Outcome,
  type ProblemAttempts,
  type ProblemRefinements,
  type ProblemRounds,
  trueFirstError,
} from './records.js';
import { bestOf } from './vote.js';

/** The greedy draft and `samples` samples of each problem, valued by both critics. */
export async function attempt(
  models: Pick<Roles, 'student' | 'orm' | 'sorm'>,
  problems: readonly Problem[],
  options: { readonly samples: number; readonly temperature: number; readonly seed: string },
): Promise<ProblemAttempts[]> {
  const questions = problems.map(({ question }) => question);
  const drafts = await models.student.draft(questions);
  const samples = await models.student.sample(
    problems.map(({ id, question }) => ({
      question,
      seeds: Array.from({ length: options.samples }, (_, k) => seedOf(options.seed, id, k)),
    })),
    options.temperature,
  );
  const items = problems.flatMap((problem, i) =>
    [drafts[i]!, ...samples[i]!].map((solution) => ({
      problem,
      question: problem.question,
      solution,
    })),
  );
  const orm = await models.orm.values(items);
  const sorm = await models.sorm.values(items);
  const attempts = items.map(
    ({ problem, solution }, i): Attempt => ({
      steps: solution.steps,
      answer: solution.answer,
      right: isRight(problem, solution.answer),
      tokens: solution.tokens,
      orm: orm[i]!,
      sorm: sorm[i]!,
      truth: prefixTruth(problem, solution.steps),
    }),
  );
  const each = options.samples + 1;
  return problems.map(({ id }, i) => {
    const [draft, ...rest] = attempts.slice(i * each, (i + 1) * each);
    return { problem: id, draft: draft!, samples: rest };
  });
}

/** Each draft refined: by the algorithm, and locally at the places that the ORM and the truth name. */
export async function refinements(
  models: Roles,
  problems: readonly Problem[],
  attempts: readonly ProblemAttempts[],
  thresholds: { readonly sorm: number; readonly orm: number },
): Promise<ProblemRefinements[]> {
  const drafts: Generated[] = attempts.map(({ draft: { steps, answer, tokens } }) => ({
    steps,
    answer,
    tokens,
  }));
  const judged = await refine(
    problems.map(({ question }) => question),
    models,
    { mode: 'rerank', chooser: 'both', threshold: thresholds.sorm, tau: 1 },
    drafts,
  );
  // Valued by both critics, but chosen by the ORM, as in the paper; what both would choose follows from the values.
  const decisions = judged.map((decision) => ({
    ...decision,
    choice: bestOf(decision.candidates.map(({ score }) => score)),
  }));
  const localOrm = await localAt(
    models.local,
    problems,
    drafts,
    attempts.map(({ draft }) => locateFirstError(draft.orm, thresholds.orm)),
  );
  const truths = attempts.map(({ draft }) => trueFirstError(draft));
  const known = truths.every((place) => place !== undefined);
  const localTruth = known ? await localAt(models.local, problems, drafts, truths) : null;
  return problems.map((problem, i) => {
    const decision = decisions[i]!;
    // Without an error seen there is no local candidate: the draft stays as it is.
    const of = (source: Source) => {
      const found = decision.candidates.find((candidate) => candidate.source === source);
      return outcome(
        problem,
        found ? { ...found.solution, tokens: found.tokens } : { ...drafts[i]!, tokens: 0 },
      );
    };
    return {
      problem: problem.id,
      decision,
      global: of('global'),
      local: of('local'),
      localOrm: localOrm[i]!,
      localTruth: localTruth?.[i] ?? null,
    };
  });
}

/** Refines again what `rerank` chose, up to `rounds` rounds in all. */
export async function laterRounds(
  models: Roles,
  problems: readonly Problem[],
  refined: readonly ProblemRefinements[],
  options: {
    readonly rounds: number;
    readonly threshold: number;
    readonly temperature: number;
    readonly seed: string;
  },
): Promise<ProblemRounds[]> {
  const { rounds, threshold, temperature } = options;
  const traces = await refineInRounds(
    problems.map(({ question }) => question),
    models,
    {
      rounds,
      threshold,
      tau: REFINE_ALL,
      temperature,
      seed: (index, round) => seedOf(options.seed, problems[index]!.id, 'round', round),
    },
    refined.map(({ decision }) => decision),
  );
  return problems.map((problem, i) => ({
    problem: problem.id,
    rounds: traces[i]!.slice(1).map((decision) => ({
      decision,
      right: decision.candidates.map(({ solution }) => isRight(problem, solution.answer)),
    })),
  }));
}

/** Drafts refined at places; where there is none the draft stays as it is and nothing is spent. */
export async function localAt(
  local: Roles['local'],
  problems: readonly Problem[],
  drafts: readonly Solution[],
  places: readonly number[],
): Promise<Outcome[]> {
  const marked = problems
    .map(({ question }, i) => ({ question, draft: drafts[i]!, location: places[i]!, index: i }))
    .filter(({ location }) => location > 0);
  const outcomes = problems.map((problem, i) => outcome(problem, { ...drafts[i]!, tokens: 0 }));
  for (const [i, refined] of (await local.refine(marked)).entries()) {
    const { index } = marked[i]!;
    outcomes[index] = outcome(problems[index]!, refined);
  }
  return outcomes;
}

/** What came of a problem. */
export const outcome = (
  problem: Problem,
  { answer, tokens }: Pick<Outcome, 'answer' | 'tokens'>,
): Outcome => ({
  answer,
  right: isRight(problem, answer),
  tokens,
});

/** Whether each prefix is right, which it is while all its steps are; null where the truth of steps is not known. */
export function prefixTruth(problem: Problem, steps: readonly string[]): boolean[] | null {
  if (problem.truth === undefined) return null;
  let right = true;
  return judgeSteps(problem, steps).map((step) => {
    right &&= step;
    return right;
  });
}

/** What is measured on each problem: drafts, samples and refinements with their verdicts. The report needs no more. */
import type { Solution } from '../codec/index.js';
import type { Generated, Roles } from '../model/index.js';
import { judgeSteps, type Problem } from '../problem/index.js';
import {
  type Decision,
  finalScore,
  locateFirstError,
  REFINE_ALL,
  refine,
  refineInRounds,
} from '../refine/index.js';
import { isRight, seedOf } from '../rollout/index.js';
import { bestOf } from './vote.js';

/** A solution of the student's with the critics' values and the truth of each line. */
export interface Attempt extends Solution {
  readonly right: boolean;
  /** Generated tokens. */
  readonly tokens: number;
  /** Values by line, the answer line last. */
  readonly orm: readonly number[];
  readonly sorm: readonly number[];
  /** Whether each prefix `P_1 .. P_L` is free of errors; null where the truth of steps is not known. */
  readonly truth: readonly boolean[] | null;
}

export interface ProblemAttempts {
  readonly problem: string;
  readonly draft: Attempt;
  readonly samples: readonly Attempt[];
}

/** A refined solution's verdict. */
export interface Outcome {
  readonly answer: string | null;
  readonly right: boolean;
  readonly tokens: number;
}

export interface ProblemRefinements {
  readonly problem: string;
  /** The trace of `rerank`; the gate's choice and that of both critics follow from it. */
  readonly decision: Decision;
  readonly global: Outcome;
  /** With the first error of the SORM, of the ORM, and the true one (null where it is not known). */
  readonly local: Outcome;
  readonly localOrm: Outcome;
  readonly localTruth: Outcome | null;
}

/** The rounds that follow `rerank`, which is the first of them, without a stop rule: what that would do follows. */
export interface ProblemRounds {
  readonly problem: string;
  readonly rounds: readonly {
    readonly decision: Decision;
    /** The verdict of each candidate. */
    readonly right: readonly boolean[];
  }[];
}

export type CriticName = 'orm' | 'sorm';

export const samplesOf = (attempts: readonly ProblemAttempts[]): Attempt[] =>
  attempts.flatMap(({ samples }) => samples);
/** A critic's value of a whole attempt; one without an answer cannot be right. */
export const finalOf = (critic: CriticName) => (attempt: Attempt) =>
  attempt.answer === null ? 0 : attempt[critic].at(-1)!;
export const stepsOf = (critic: CriticName) => (attempt: Attempt) =>
  attempt[critic].slice(0, attempt.steps.length);

/** Whether a candidate of `rerank` is right, by its source. */
export const rightOf = (
  record: ProblemRefinements,
  attempts: ProblemAttempts,
  source: string,
): boolean =>
  source === 'draft'
    ? attempts.draft.right
    : source === 'global'
      ? record.global.right
      : record.local.right;

export const chosenRight = (record: ProblemRefinements, attempts: ProblemAttempts): boolean =>
  rightOf(record, attempts, record.decision.candidates[record.decision.choice]!.source);

export const scoreOf = ({ answer, steps, orm }: Attempt): number =>
  finalScore({ steps, answer }, orm);

/**
 * The true first error E of an attempt, 1-based: the first wrong step, or the answer line of one whose steps are right
 * and whose answer is not; -1 where nothing is wrong, undefined where the truth of steps is not known.
 */
export function trueFirstError({ truth, right, steps }: Attempt): number | undefined {
  if (truth === null) return undefined;
  const step = truth.indexOf(false);
  if (step >= 0) return step + 1;
  return right ? -1 : steps.length + 1;
}

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
  const localAt = async (places: readonly number[]): Promise<Outcome[]> => {
    const marked = problems
      .map(({ question }, i) => ({ question, draft: drafts[i]!, location: places[i]!, index: i }))
      .filter(({ location }) => location > 0);
    const refined = await models.local.refine(marked);
    // Where no error is seen, the draft stays as it is and nothing is spent.
    const outcomes = problems.map((problem, i) => outcome(problem, { ...drafts[i]!, tokens: 0 }));
    marked.forEach(({ index }, i) => {
      outcomes[index] = outcome(problems[index]!, refined[i]!);
    });
    return outcomes;
  };
  const localOrm = await localAt(
    attempts.map(({ draft }) => locateFirstError(draft.orm, thresholds.orm)),
  );
  const truths = attempts.map(({ draft }) => trueFirstError(draft));
  const localTruth = truths.includes(undefined) ? null : await localAt(truths as number[]);
  return problems.map((problem, i) => {
    const decision = decisions[i]!;
    const of = (source: string) =>
      decision.candidates.find((candidate) => candidate.source === source);
    const local = of('local');
    return {
      problem: problem.id,
      decision,
      global: outcome(problem, { ...of('global')!.solution, tokens: of('global')!.tokens }),
      local: outcome(
        problem,
        local ? { ...local.solution, tokens: local.tokens } : { ...drafts[i]!, tokens: 0 },
      ),
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

const outcome = (problem: Problem, { answer, tokens }: Solution & { tokens: number }): Outcome => ({
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

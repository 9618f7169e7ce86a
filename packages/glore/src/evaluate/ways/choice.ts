/** Answers by choice: among samples, and among the candidates of `rerank`. */
import { type Chooser, leastOf, type Source, worth } from '../../refine/index.js';
import { type Attempt, type Outcome, type ProblemRecords, rightOf, scoreOf } from '../records.js';
import { answerKeys, bestOf, majority } from '../vote.js';
import { costsOf, type Known } from './cost.js';
import type { Answer } from './way.js';

/** A selection among attempts. */
interface Selection {
  /** The index of the chosen one. */
  readonly pick: (attempts: readonly Attempt[]) => number;
  /** How many critics read all attempts for it. */
  readonly critics: number;
}

export const byVote: Selection = {
  pick: (attempts) =>
    majority(
      attempts.map(({ answer }) => answer),
      answerKeys(),
    ),
  critics: 0,
};
export const byWeight: Selection = {
  pick: (attempts) =>
    majority(
      attempts.map(({ answer }) => answer),
      answerKeys(),
      attempts.map(scoreOf),
    ),
  critics: 1,
};
export const byOrm: Selection = { pick: (attempts) => bestOf(attempts.map(scoreOf)), critics: 1 };
export const byBoth: Selection = {
  pick: (attempts) =>
    bestOf(
      attempts.map((item) => worth({ score: scoreOf(item), least: leastOf(item.sorm) }, 'both')),
    ),
  critics: 2,
};

/** What the student says of its own samples as it writes them, so that nobody has to read them for it. */
export const byLikelihood = (likelihoods: readonly number[]): Selection => ({
  pick: (attempts) => bestOf(answered(attempts, likelihoods)),
  critics: 0,
});

/** Without an answer there is nothing to choose, however likely it is. */
const answered = (
  items: readonly { readonly answer: string | null }[],
  likelihoods: readonly number[],
): number[] =>
  items.map(({ answer }, i) => (answer === null ? Number.NEGATIVE_INFINITY : likelihoods[i]!));

/** One attempt as it is. */
export function alone(problem: Known, attempt: Attempt | undefined): Answer | undefined {
  return (
    attempt && {
      right: attempt.right,
      tokens: attempt.tokens,
      processed: costsOf(problem)?.written([attempt]),
    }
  );
}

/** One of several attempts, all of which have to be generated. */
export function among(
  problem: Known,
  attempts: readonly Attempt[],
  { pick, critics }: Selection,
): Answer {
  const tokens = tokensOf(attempts);
  const cost = costsOf(problem);
  return {
    right: attempts[pick(attempts)]!.right,
    tokens,
    scored: critics * tokens,
    processed: cost && cost.written(attempts) + critics * cost.valued(attempts),
  };
}

/** Whether any of the attempts is right: the bound of a choice among them. */
export const anyOf = (problem: Known, attempts: readonly Attempt[]): Answer => ({
  right: attempts.some(({ right }) => right),
  tokens: tokensOf(attempts),
  processed: costsOf(problem)?.written(attempts),
});

/** A refined draft, which for the local refiner a critic has read to say where; undefined where it was not refined so. */
export function refined(
  problem: ProblemRecords,
  by: 'global' | 'local',
  outcome: Outcome | null | undefined,
): Answer | undefined {
  const { draft } = problem.attempts;
  return outcome
    ? {
        right: outcome.right,
        tokens: draft.tokens + outcome.tokens,
        scored: by === 'local' ? draft.tokens : 0,
        processed: costsOf(problem)?.[by](outcome),
      }
    : undefined;
}

/** The choice among the candidates of these sources. */
export function reranked(
  problem: ProblemRecords,
  sources: readonly Source[],
  chooser: Chooser = 'orm',
): Answer {
  const candidates = candidatesOf(problem, sources);
  const choice = candidates[bestOf(candidates.map((candidate) => worth(candidate, chooser)))]!;
  const tokens = tokensOf(candidates);
  const readers = chooser === 'both' ? 2 : 1;
  const cost = costsOf(problem);
  return {
    right: rightOf(problem, choice.source),
    tokens,
    // The draft is read by both critics, the refinements by those who choose.
    scored: problem.attempts.draft.tokens + tokens * readers,
    processed: cost && cost.candidates(candidates, sources) + readers * cost.choice(candidates),
  };
}

/** The candidate that the student finds likeliest; undefined where that is not known. It reads all but its own draft. */
export function likeliest(problem: ProblemRecords): Answer | undefined {
  const likelihoods = problem.controls?.likelihoods?.candidates;
  if (!likelihoods) return undefined;
  const { candidates } = problem.refinements.decision;
  const solutions = candidates.map(({ solution }) => solution);
  const choice = candidates[bestOf(answered(solutions, likelihoods))]!;
  const tokens = tokensOf(candidates);
  const cost = costsOf(problem);
  return {
    right: rightOf(problem, choice.source),
    tokens,
    scored: tokens,
    processed:
      cost &&
      cost.candidates(candidates, ['draft', 'global', 'local']) +
        cost.choice(candidates.filter(({ source }) => source !== 'draft')),
  };
}

/** Whether any of the candidates of these sources is right. */
export const anyRight = (problem: ProblemRecords, sources: readonly Source[]): Answer => ({
  right: sources.some((source) => rightOf(problem, source)),
  tokens: tokensOf(candidatesOf(problem, sources)),
  processed: costsOf(problem)?.candidates(candidatesOf(problem, sources), sources),
});

const candidatesOf = ({ refinements }: ProblemRecords, sources: readonly Source[]) =>
  refinements.decision.candidates.filter(({ source }) => sources.includes(source));

const tokensOf = (items: readonly { readonly tokens: number }[]): number =>
  items.reduce((sum, { tokens }) => sum + tokens, 0);

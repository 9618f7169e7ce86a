/** Answers by choice: among samples, and among the candidates of `rerank`. */
import { type Chooser, leastOf, type Source, worth } from '../../refine/index.js';
import { type Attempt, type Outcome, type ProblemRecords, rightOf, scoreOf } from '../records.js';
import { answerKeys, bestOf, majority } from '../vote.js';
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

/** One of several attempts, all of which have to be generated. */
export function among(attempts: readonly Attempt[], { pick, critics }: Selection): Answer {
  const tokens = tokensOf(attempts);
  return { right: attempts[pick(attempts)]!.right, tokens, scored: critics * tokens };
}

/** Whether any of the attempts is right: the bound of a choice among them. */
export const anyOf = (attempts: readonly Attempt[]): Answer => ({
  right: attempts.some(({ right }) => right),
  tokens: tokensOf(attempts),
});

/** A refined draft, which a critic has read to say where; undefined where it was not refined so. */
export const refined = (
  { attempts: { draft } }: ProblemRecords,
  outcome: Outcome | null,
): Answer | undefined =>
  outcome
    ? { right: outcome.right, tokens: draft.tokens + outcome.tokens, scored: draft.tokens }
    : undefined;

/** The choice among the candidates of these sources. */
export function reranked(
  problem: ProblemRecords,
  sources: readonly Source[],
  chooser: Chooser = 'orm',
): Answer {
  const candidates = candidatesOf(problem, sources);
  const choice = candidates[bestOf(candidates.map((candidate) => worth(candidate, chooser)))]!;
  const tokens = tokensOf(candidates);
  return {
    right: rightOf(problem, choice.source),
    tokens,
    // The draft is read by both critics, the refinements by those who choose.
    scored: problem.attempts.draft.tokens + tokens * (chooser === 'both' ? 2 : 1),
  };
}

/** Whether any of the candidates of these sources is right. */
export const anyRight = (problem: ProblemRecords, sources: readonly Source[]): Answer => ({
  right: sources.some((source) => rightOf(problem, source)),
  tokens: tokensOf(candidatesOf(problem, sources)),
});

const candidatesOf = ({ refinements }: ProblemRecords, sources: readonly Source[]) =>
  refinements.decision.candidates.filter(({ source }) => sources.includes(source));

const tokensOf = (items: readonly { readonly tokens: number }[]): number =>
  items.reduce((sum, { tokens }) => sum + tokens, 0);

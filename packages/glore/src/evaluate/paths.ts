/** Ways through rounds of refinement, and rules that stop on them for a budget of so many samples' worth of tokens. */
import { chosen, REFINE_ALL } from '../refine/index.js';
import {
  chosenRight,
  type ProblemRecords,
  type ProblemRounds,
  type Sampled,
  scoreOf,
} from './records.js';
import { mean, share } from './statistics.js';

/** A question's way through the rounds: after 0, 1, .. of them, of the best candidate so far. */
export type Path = readonly {
  /** The ORM's value of it. */
  readonly score: number;
  readonly right: boolean;
  /** Generated for all candidates so far. */
  readonly tokens: number;
}[];

/** When to stop: as soon as the ORM values the best at least `tau`, or after `rounds`. */
export interface StopRule {
  readonly rounds: number;
  readonly tau: number;
}

/** The paths of problems; `later` is empty where there is only the first round. */
export function pathsOf(
  records: readonly ProblemRecords[],
  later: readonly ProblemRounds[],
): Path[] {
  return records.map((problem, i) => {
    const { draft } = problem.attempts;
    const rounds = [
      { decision: problem.refinements.decision, right: chosenRight(problem) },
      ...(later[i]?.rounds ?? []).map(({ decision, right }) => ({
        decision,
        right: right[decision.choice]!,
      })),
    ];
    let tokens = 0;
    return [
      { score: scoreOf(draft), right: draft.right, tokens: draft.tokens },
      ...rounds.map(({ decision, right }) => {
        for (const candidate of decision.candidates) tokens += candidate.tokens;
        return { score: chosen(decision).score, right, tokens };
      }),
    ];
  });
}

/** Where a rule stops on a path. */
export const stopped = (path: Path, { rounds, tau }: StopRule) =>
  path.slice(0, rounds).find(({ score }) => score >= tau) ?? path[rounds]!;

/**
 * Rules for budgets of 1, 2, .. samples' worth of tokens, fitted on dev: of those that need no more tokens per problem the
 * one with the best accuracy, of equal ones the cheapest.
 */
export function fitBudgets(dev: readonly Sampled[], paths: readonly Path[]): StopRule[] {
  const samples = dev.map(({ attempts }) => attempts.samples);
  const perSample = mean(samples.flat().map(({ tokens }) => tokens));
  const scores = paths.flatMap((path) => path.map(({ score }) => score));
  const taus = [...quantiles(scores), REFINE_ALL];
  const [longest = []] = paths;
  const rules = longest
    .flatMap((_, rounds) => (rounds === 0 ? [0] : taus).map((tau) => ({ rounds, tau })))
    .map((rule) => {
      const ends = paths.map((path) => stopped(path, rule));
      return {
        rule,
        accuracy: share(ends.map(({ right }) => right)),
        tokens: mean(ends.map(({ tokens }) => tokens)),
      };
    })
    .sort((a, b) => b.accuracy - a.accuracy || a.tokens - b.tokens);
  const draft = { rounds: 0, tau: 0 };
  const [first = []] = samples;
  return first.map(
    (_, k) => rules.find(({ tokens }) => tokens <= (k + 1) * perSample)?.rule ?? draft,
  );
}

/** Percentiles, without repetition. */
function quantiles(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [...new Set(Array.from({ length: 101 }, (_, i) => at(i / 100)))];
}

/**
 * Accuracy against generated tokens: majority and the ORM's choice of k samples, rounds of refinement, and rounds that
 * stop as soon as the ORM is content, for a budget of so many samples' worth of tokens.
 */
import { REFINE_ALL } from '../refine/index.js';
import {
  type Attempt,
  chosenRight,
  type ProblemAttempts,
  type ProblemRefinements,
  type ProblemRounds,
  scoreOf,
} from './attempt.js';
import { mcnemar, mean, pairedBootstrap, share, wilson } from './statistics.js';
import { answerKeys, bestOf, majority } from './vote.js';

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

export interface CurvePoint {
  readonly name: string;
  readonly accuracy: number;
  /** 95% (Wilson). */
  readonly low: number;
  readonly high: number;
  /** Per problem. */
  readonly generatedTokens: number;
}

/** A point of refinement, beside sampling at the same number of generated tokens. */
export interface RefinedPoint extends CurvePoint, StopRule {
  /** The accuracies of sampling, interpolated at this point's tokens; absent where it ends before. */
  readonly equal: { readonly majority: number | undefined; readonly bestOf: number | undefined };
  /** Paired with the ORM's choice of the fewest samples that need at least as many tokens; absent if 16 do not. */
  readonly against:
    | {
        readonly name: string;
        readonly generatedTokens: number;
        /** With a 95% interval (paired bootstrap). */
        readonly difference: number;
        readonly low: number;
        readonly high: number;
        /** McNemar, exact, two-sided. */
        readonly p: number;
      }
    | undefined;
}

export interface Curve {
  /** `majority@1`, `majority@2`, .. */
  readonly majority: readonly CurvePoint[];
  /** `best-of-1`, `best-of-2`, .. */
  readonly bestOf: readonly CurvePoint[];
  /** `rounds@0`, the draft, `rounds@1`, which is `rerank`, and on. */
  readonly rounds: readonly RefinedPoint[];
  /** `budget@1`, `budget@2`, ..: the stop rule fitted for so many samples' worth of tokens. */
  readonly budgets: readonly RefinedPoint[];
}

/** The paths of problems; `later` is empty where there is only the first round. */
export function pathsOf(
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
  later: readonly ProblemRounds[],
): Path[] {
  return attempts.map((problem, i) => {
    const first = refined[i]!;
    const rounds = [
      { decision: first.decision, right: chosenRight(first, problem) },
      ...(later[i]?.rounds ?? []).map(({ decision, right }) => ({
        decision,
        right: right[decision.choice]!,
      })),
    ];
    let tokens = 0;
    return [
      { score: scoreOf(problem.draft), right: problem.draft.right, tokens: problem.draft.tokens },
      ...rounds.map(({ decision: { candidates, choice }, right }) => {
        for (const candidate of candidates) tokens += candidate.tokens;
        return { score: candidates[choice]!.score, right, tokens };
      }),
    ];
  });
}

/** Where a rule stops on a path. */
const stopped = (path: Path, { rounds, tau }: StopRule) =>
  path.slice(0, rounds).find(({ score }) => score >= tau) ?? path[rounds]!;

/**
 * Rules for budgets of 1, 2, .. samples' worth of tokens, fitted on dev: of those that need no more tokens per problem the
 * one with the best accuracy, of equal ones the cheapest.
 */
export function fitBudgets(
  attempts: readonly ProblemAttempts[],
  paths: readonly Path[],
): StopRule[] {
  const samples = attempts.map((problem) => problem.samples);
  const perSample = mean(samples.flat().map(({ tokens }) => tokens));
  const scores = paths.flatMap((path) => path.map(({ score }) => score));
  const taus = [...quantiles(scores), REFINE_ALL];
  const rules = paths[0]!
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
  return samples[0]!.map(
    (_, k) => rules.find(({ tokens }) => tokens <= (k + 1) * perSample)?.rule ?? draft,
  );
}

/** The curve of the test problems; `budgets` come from dev. */
export function accuracyCurve(
  attempts: readonly ProblemAttempts[],
  paths: readonly Path[],
  budgets: readonly StopRule[],
): Curve {
  const key = answerKeys();
  const among = (name: string, choose: (group: readonly Attempt[]) => number) =>
    attempts[0]!.samples.map((_, k) => {
      const groups = attempts.map(({ samples }) => samples.slice(0, k + 1));
      return measured(
        `${name}${k + 1}`,
        groups.map((group) => group[choose(group)]!.right),
        groups.map((group) => group.reduce((sum, { tokens }) => sum + tokens, 0)),
      );
    });
  const votes = among('majority@', (group) =>
    majority(
      group.map(({ answer }) => answer),
      key,
    ),
  );
  const chosen = among('best-of-', (group) => bestOf(group.map(scoreOf)));
  const refined = (name: string, rule: StopRule): RefinedPoint => {
    const ends = paths.map((path) => stopped(path, rule));
    const { point, right } = measured(
      name,
      ends.map((end) => end.right),
      ends.map(({ tokens }) => tokens),
    );
    const rival = chosen.find((other) => other.point.generatedTokens >= point.generatedTokens);
    return {
      ...point,
      ...rule,
      equal: {
        majority: interpolated(
          votes.map((other) => other.point),
          point.generatedTokens,
        ),
        bestOf: interpolated(
          chosen.map((other) => other.point),
          point.generatedTokens,
        ),
      },
      against: rival && {
        name: rival.point.name,
        generatedTokens: rival.point.generatedTokens,
        ...difference(right, rival.right),
      },
    };
  };
  return {
    majority: votes.map(({ point }) => point),
    bestOf: chosen.map(({ point }) => point),
    rounds: paths[0]!.map((_, rounds) => refined(`rounds@${rounds}`, { rounds, tau: REFINE_ALL })),
    budgets: budgets.map((rule, k) => refined(`budget@${k + 1}`, rule)),
  };
}

/** The points of refinement that spend anything on it, and each rule once: a larger budget need not be spent. */
export function refinedPoints({ rounds, budgets }: Curve): RefinedPoint[] {
  const same = (a: StopRule, b: StopRule) => a.rounds === b.rounds && a.tau === b.tau;
  return [
    ...rounds,
    ...budgets.filter((rule, k) => !budgets.slice(0, k).some((earlier) => same(earlier, rule))),
  ].filter((point) => point.rounds > 0);
}

function measured(name: string, right: readonly boolean[], tokens: readonly number[]) {
  const point: CurvePoint = {
    name,
    accuracy: share(right),
    ...wilson(right.filter(Boolean).length, right.length),
    generatedTokens: mean(tokens),
  };
  return { point, right };
}

/** Between the two points on either side, linear in tokens; undefined outside of the points. */
function interpolated(points: readonly CurvePoint[], tokens: number): number | undefined {
  const next = points.findIndex(({ generatedTokens }) => generatedTokens >= tokens);
  if (next < 0) return undefined;
  const [above, below] = [points[next]!, points[next - 1]];
  if (above.generatedTokens === tokens) return above.accuracy;
  if (!below) return undefined;
  const along = (tokens - below.generatedTokens) / (above.generatedTokens - below.generatedTokens);
  return below.accuracy + along * (above.accuracy - below.accuracy);
}

/** Two ways to answer on the same problems. */
export function difference(a: readonly boolean[], b: readonly boolean[]) {
  const { difference, low, high } = pairedBootstrap(a.map(Number), b.map(Number), {
    seed: 1,
    rounds: 2000,
  });
  return { difference, low, high, p: mcnemar([...a], [...b]).p };
}

/** Percentiles, without repetition. */
function quantiles(values: readonly number[]): number[] {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!;
  return [...new Set(Array.from({ length: 101 }, (_, i) => at(i / 100)))];
}

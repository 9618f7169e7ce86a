/**
 * Accuracy against generated tokens: majority and the ORM's choice of k samples, rounds of refinement, and rounds that
 * stop as soon as the ORM is content, for a budget of so many samples' worth of tokens.
 */
import { REFINE_ALL } from '../refine/index.js';
import { type Paired, paired } from './paired.js';
import { type Path, type StopRule, stopped } from './paths.js';
import { type Point, pointOf } from './point.js';
import type { Sampled } from './records.js';
import { type Answer, bestOfK, majorityAtK, rowName } from './ways/index.js';

/** A point of refinement, beside sampling at the same number of generated tokens. */
export interface RefinedPoint extends Point, StopRule {
  /** The accuracies of sampling, interpolated at this point's tokens; absent where it ends before. */
  readonly equal: { readonly majority: number | undefined; readonly bestOf: number | undefined };
  /** Paired with the ORM's choice of the fewest samples that need at least as many tokens; absent if 16 do not. */
  readonly against:
    | ({ readonly name: string; readonly generatedTokens: number } & Paired)
    | undefined;
}

export interface Curve {
  /** `majority@1`, `majority@2`, .. */
  readonly majority: readonly Point[];
  /** `best-of-1`, `best-of-2`, .. */
  readonly bestOf: readonly Point[];
  /** `rounds@0`, the draft, `rounds@1`, which is `rerank`, and on. */
  readonly rounds: readonly RefinedPoint[];
  /** `budget@1`, `budget@2`, ..: the stop rule fitted for so many samples' worth of tokens. */
  readonly budgets: readonly RefinedPoint[];
}

/** Its lines in words, in the order in which they are drawn, the last on top. */
export const curveLines = [
  ['majority', 'majority of k samples'],
  ['bestOf', 'the ORM chooses of k samples'],
  ['rounds', 'rounds of refinement'],
  ['budgets', 'rounds that stop, for a budget'],
] as const satisfies readonly (readonly [keyof Curve, string])[];

/** The curve of the test problems; `budgets` come from dev. */
export function accuracyCurve(
  records: readonly Sampled[],
  paths: readonly Path[],
  budgets: readonly StopRule[],
): Curve {
  const most = records[0]?.attempts.samples.length ?? 0;
  const sampled = (way: typeof bestOfK | typeof majorityAtK) =>
    Array.from({ length: most }, (_, i) =>
      measured(
        rowName(way, i + 1),
        records.map((problem) => way.answer(problem, { k: i + 1 })),
      ),
    );
  const [votes, chosen] = [sampled(majorityAtK), sampled(bestOfK)];
  const refined = (name: string, rule: StopRule): RefinedPoint => {
    const { point, answers } = measured(
      name,
      paths.map((path) => stopped(path, rule)),
    );
    const tokens = point.generatedTokens;
    const rival = chosen.find((other) => other.point.generatedTokens >= tokens);
    return {
      ...point,
      ...rule,
      equal: { majority: interpolated(votes, tokens), bestOf: interpolated(chosen, tokens) },
      against: rival && {
        name: rival.point.name,
        generatedTokens: rival.point.generatedTokens,
        ...paired(answers, rival.answers),
      },
    };
  };
  return {
    majority: votes.map(({ point }) => point),
    bestOf: chosen.map(({ point }) => point),
    rounds: (paths[0] ?? []).map((_, rounds) =>
      refined(`rounds@${rounds}`, { rounds, tau: REFINE_ALL }),
    ),
    budgets: budgets.map((rule, k) => refined(`budget@${k + 1}`, rule)),
  };
}

/** The points of refinement that spend anything on it, and each rule once: a larger budget need not be spent. */
export function refinedPoints({ rounds, budgets }: Pick<Curve, 'rounds' | 'budgets'>) {
  const same = (a: StopRule, b: StopRule) => a.rounds === b.rounds && a.tau === b.tau;
  return [
    ...rounds,
    ...budgets.filter((rule, k) => !budgets.slice(0, k).some((earlier) => same(earlier, rule))),
  ].filter((point) => point.rounds > 0);
}

interface Measured {
  readonly point: Point;
  readonly answers: readonly Answer[];
}

const measured = (name: string, answers: readonly Answer[]): Measured => ({
  point: pointOf(name, answers),
  answers,
});

/** Between the two points on either side, linear in tokens; undefined outside of the points. */
function interpolated(line: readonly Measured[], tokens: number): number | undefined {
  const next = line.findIndex(({ point }) => point.generatedTokens >= tokens);
  const [above, below] = [line[next]?.point, line[next - 1]?.point];
  if (above?.generatedTokens === tokens) return above.accuracy;
  if (!above || !below) return undefined;
  const along = (tokens - below.generatedTokens) / (above.generatedTokens - below.generatedTokens);
  return below.accuracy + along * (above.accuracy - below.accuracy);
}

/** What came of each test problem: enough to compare runs problem by problem, and small enough for the report. */
import { distinct } from '../codec/index.js';
import { locateFirstError } from '../refine/index.js';
import {
  type Attempt,
  type ProblemAttempts,
  type ProblemRefinements,
  trueFirstError,
} from './attempt.js';
import { rankedPairs } from './critic.js';

/**
 * What came of each test problem, in their order, for tests on the same problems across runs. Flags are texts of 0 and 1;
 * steps and locations are absent where the truth of steps is not known.
 */
export interface Outcomes {
  /** Whether the answer is right, by row; besides the report's rows `best-of-k` and `majority@k` for every k from 2. */
  readonly right: Readonly<Record<string, string>>;
  /** Generated tokens for the first k samples, per problem in the mean, k from 1. */
  readonly sampleTokens: readonly number[];
  /**
   * Steps of the samples, and those that each critic judges right, at fitted thresholds and at 0.5; `distinct` counts
   * samples of a problem that are alike once (absent from reports of earlier versions).
   */
  readonly steps?: Counts & { readonly atHalf: Omit<Counts, 'n'>; readonly distinct?: Counts };
  /** Pairs of a right and a wrong sample, and those that each critic orders right; ties half. */
  readonly pairs: Counts;
  /** Pairs of a right and a wrong one of draft, global and local refinement, and those that the ORM orders right. */
  readonly candidatePairs: { readonly n: readonly number[]; readonly orm: readonly number[] };
  /** Drafts without a wrong step, and those whose first error each critic places right, at fitted thresholds and at 0.5. */
  readonly located?: { readonly sound: string } & Located & { readonly atHalf: Located };
}

type Located = Readonly<Record<CriticName, string>>;

interface Counts {
  readonly n: readonly number[];
  readonly orm: readonly number[];
  readonly sorm: readonly number[];
}

type CriticName = 'orm' | 'sorm';
const HALF = { orm: 0.5, sorm: 0.5 };

const flags = (list: readonly boolean[]): string => list.map((flag) => (flag ? '1' : '0')).join('');

/**
 * The outcomes of test problems.
 * @param right whether the answer is right, by row and problem
 */
export function outcomesOf(
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
  thresholds: Record<'step' | 'locate', Record<CriticName, number>>,
  right: ReadonlyMap<string, readonly boolean[]>,
): Outcomes {
  const samples = attempts.map((problem) => problem.samples);
  const drafts = attempts.map(({ draft }) => draft);
  const truths = drafts.map(trueFirstError);
  const most = Math.min(...samples.map((group) => group.length));
  const alikeOnce = samples.map(distinct);
  const judged = (critic: CriticName, at: Record<CriticName, number>, of = samples) =>
    of.map((group) =>
      sum(
        group.map(
          ({ truth, [critic]: values }) =>
            truth!.filter((step, i) => values[i]! >= at[critic] === step).length,
        ),
      ),
    );
  const ranked = (critic: CriticName) =>
    samples.map((group) =>
      rankedPairs(
        group.map((attempt) => ({
          score: attempt.answer === null ? 0 : attempt[critic].at(-1)!,
          right: attempt.right,
        })),
      ),
    );
  const [orm, sorm] = [ranked('orm'), ranked('sorm')];
  const candidates = refined.map(({ decision, global, local }, i) =>
    rankedPairs(
      decision.candidates.map(({ source, score }) => ({
        score,
        right: { draft: drafts[i]!, global, local }[source].right,
      })),
    ),
  );
  const located = (critic: CriticName, at: Record<CriticName, number>) =>
    flags(drafts.map((draft, i) => locateFirstError(draft[critic], at[critic]) === truths[i]));
  const both = <T>(
    of: (critic: CriticName, at: Record<CriticName, number>) => T,
    at: Record<CriticName, number>,
  ) => ({ orm: of('orm', at), sorm: of('sorm', at) });
  return {
    right: Object.fromEntries([...right].map(([row, list]) => [row, flags(list)])),
    sampleTokens: Array.from(
      { length: most },
      (_, k) =>
        sum(samples.map((group) => sum(group.slice(0, k + 1).map(({ tokens }) => tokens)))) /
        samples.length,
    ),
    pairs: {
      n: orm.map(({ pairs }) => pairs),
      orm: orm.map(({ won }) => won),
      sorm: sorm.map(({ won }) => won),
    },
    candidatePairs: {
      n: candidates.map(({ pairs }) => pairs),
      orm: candidates.map(({ won }) => won),
    },
    ...(samples.flat().every(({ truth }) => truth !== null) && {
      steps: {
        n: stepsIn(samples),
        ...both(judged, thresholds.step),
        atHalf: both(judged, HALF),
        distinct: {
          n: stepsIn(alikeOnce),
          ...both((critic, at) => judged(critic, at, alikeOnce), thresholds.step),
        },
      },
    }),
    ...(!truths.includes(undefined) && {
      located: {
        sound: flags(truths.map((truth) => truth === -1)),
        ...both(located, thresholds.locate),
        atHalf: both(located, HALF),
      },
    }),
  };
}

/** Steps of the solutions of each problem. */
const stepsIn = (groups: readonly (readonly Attempt[])[]): number[] =>
  groups.map((group) => sum(group.map(({ truth }) => truth!.length)));

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

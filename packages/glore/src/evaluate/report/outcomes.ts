/** What came of each test problem: enough to compare runs problem by problem, and small enough for the report. */
import { distinct } from '../../codec/index.js';
import { locateFirstError } from '../../refine/index.js';
import { rankedPairs } from '../critic.js';
import type { Thresholds } from '../fit.js';
import { processedTokens } from '../point.js';
import {
  type Attempt,
  type ByCritic,
  byCritic,
  type CriticName,
  finalOf,
  HALF,
  hasTruth,
  type ProblemRecords,
  rightOf,
  trueFirstError,
} from '../records.js';
import { sum } from '../statistics.js';
import type { Setting } from '../ways/index.js';
import { type Answered, answeredBy } from './answered.js';

/**
 * What came of each test problem, in their order, for tests on the same problems across runs. Flags are texts of 0 and 1;
 * steps and locations are absent where the truth of steps is not known.
 */
export interface Outcomes {
  /** Whether the answer is right, by row; besides the report's rows those of `everyCount` for every k from 2. */
  readonly right: Readonly<Record<string, string>>;
  /** Processed tokens per problem in the mean, by row, where they are known; absent from reports of earlier versions. */
  readonly processed?: Readonly<Record<string, number>>;
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
  readonly located?: { readonly sound: string } & ByCritic<string> & {
      readonly atHalf: ByCritic<string>;
    };
}

type Counts = { readonly n: readonly number[] } & ByCritic<readonly number[]>;

const atHalf: ByCritic<number> = byCritic(() => HALF);

/** The outcomes of test problems; `answered` are the report's rows. */
export function outcomesOf(
  records: readonly ProblemRecords[],
  thresholds: Pick<Thresholds, 'step' | 'locate'>,
  answered: readonly Answered[],
  setting: Setting,
): Outcomes {
  const samples = records.map(({ attempts }) => attempts.samples);
  const steps = stepCounts(samples, thresholds.step);
  const located = locatedIn(
    records.map(({ attempts }) => attempts.draft),
    thresholds.locate,
  );
  return {
    ...byRow(records, answered, setting),
    sampleTokens: sampleTokens(samples),
    pairs: pairsOf(samples),
    candidatePairs: candidatePairs(records),
    ...(steps && { steps }),
    ...(located && { located }),
  };
}

/** The ways that are kept for every number of samples come first, then the report's rows. */
function byRow(
  records: readonly ProblemRecords[],
  answered: readonly Answered[],
  setting: Setting,
): Pick<Outcomes, 'right' | 'processed'> {
  const counted = answered
    .filter(({ everyCount }) => everyCount)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const upTo = Array.from({ length: setting.k - 1 }, (_, i) => i + 2);
  const all = upTo.flatMap((k) => answeredBy(counted, records, { ...setting, k }));
  const rows = [...all, ...answered];
  return {
    right: Object.fromEntries(
      rows.map(({ row, answers }) => [row, flags(answers.map(({ right }) => right))]),
    ),
    processed: Object.fromEntries(
      rows.flatMap(({ row, answers }) => {
        const processed = processedTokens(answers);
        return processed === undefined ? [] : [[row, processed]];
      }),
    ),
  };
}

function sampleTokens(samples: readonly (readonly Attempt[])[]): number[] {
  const most = samples.reduce(
    (least, group) => Math.min(least, group.length),
    samples[0]?.length ?? 0,
  );
  return Array.from(
    { length: most },
    (_, i) =>
      sum(samples.map((group) => sum(group.slice(0, i + 1).map(({ tokens }) => tokens)))) /
      samples.length,
  );
}

function pairsOf(samples: readonly (readonly Attempt[])[]): Counts {
  const ranked = byCritic((critic) =>
    samples.map((group) =>
      rankedPairs(
        group.map((attempt) => ({ score: finalOf(critic)(attempt), right: attempt.right })),
      ),
    ),
  );
  return {
    n: ranked.orm.map(({ pairs }) => pairs),
    ...byCritic((critic) => ranked[critic].map(({ won }) => won)),
  };
}

function candidatePairs(records: readonly ProblemRecords[]): Outcomes['candidatePairs'] {
  const ranked = records.map((problem) =>
    rankedPairs(
      problem.refinements.decision.candidates.map(({ source, score }) => ({
        score,
        right: rightOf(problem, source),
      })),
    ),
  );
  return { n: ranked.map(({ pairs }) => pairs), orm: ranked.map(({ won }) => won) };
}

/** The steps of samples; undefined unless the truth of all is known. */
function stepCounts(
  samples: readonly (readonly Attempt[])[],
  thresholds: ByCritic<number>,
): Outcomes['steps'] {
  if (!samples.flat().every(hasTruth)) return undefined;
  const known = samples.map((group) => group.filter(hasTruth));
  const alikeOnce = known.map(distinct);
  const judged = (critic: CriticName, at: ByCritic<number>, groups: typeof known) =>
    groups.map((group) =>
      sum(
        group.map(
          ({ truth, [critic]: values }) =>
            truth.filter((right, i) => values[i]! >= at[critic] === right).length,
        ),
      ),
    );
  const counted = (groups: typeof known) => ({
    n: groups.map((group) => sum(group.map(({ truth }) => truth.length))),
    ...byCritic((critic) => judged(critic, thresholds, groups)),
  });
  return {
    ...counted(known),
    atHalf: byCritic((critic) => judged(critic, atHalf, known)),
    distinct: counted(alikeOnce),
  };
}

/** Where the critics see the first errors of drafts; undefined unless the truth of all is known. */
function locatedIn(drafts: readonly Attempt[], thresholds: ByCritic<number>): Outcomes['located'] {
  const truths = drafts.map(trueFirstError);
  if (truths.includes(undefined)) return undefined;
  const placed = (at: ByCritic<number>) =>
    byCritic((critic) =>
      flags(drafts.map((draft, i) => locateFirstError(draft[critic], at[critic]) === truths[i])),
    );
  return {
    sound: flags(truths.map((truth) => truth === -1)),
    ...placed(thresholds),
    atHalf: placed(atHalf),
  };
}

const flags = (list: readonly boolean[]): string => list.map((flag) => (flag ? '1' : '0')).join('');

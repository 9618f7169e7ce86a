/** The report of a run: `report.json`, computed from the attempts and refinements of the test problems alone. */
import type { Solution } from '../codec/index.js';
import { type Chooser, leastOf, locateFirstError, worth } from '../refine/index.js';
import {
  type Attempt,
  type CriticName,
  finalOf,
  type ProblemAttempts,
  type ProblemRefinements,
  rightOf,
  samplesOf,
  scoreOf,
  stepsOf,
  trueFirstError,
} from './attempt.js';
import {
  auc,
  type CalibrationBin,
  calibration,
  firstErrorMetric,
  stepAccuracy,
  withinProblemAuc,
} from './critic.js';
import { difference } from './curve.js';
import type { Thresholds } from './fit.js';
import { type Outcomes, outcomesOf } from './outcomes.js';
import { type Overlap, overlap, type RefinerEffect, refinerEffect } from './refiner.js';
import { mean, ratioBootstrap, share, wilson } from './statistics.js';
import { answerKeys, bestOf, majority } from './vote.js';

export interface Row {
  readonly name: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** Per problem, everything that has to be generated for it. */
  readonly generatedTokens: number;
  /** Per problem, from measured speeds. */
  readonly seconds: number;
}

export interface Comparison {
  readonly a: string;
  readonly b: string;
  /** Accuracy of a less that of b, with a 95% interval (paired bootstrap). */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
  /** McNemar, exact, two-sided. */
  readonly p: number;
}

export interface CriticReport {
  readonly stepAccuracy: number | undefined;
  readonly firstError: {
    readonly wrong: number | undefined;
    readonly right: number | undefined;
    readonly f1: number | undefined;
  };
  readonly finalAccuracy: number;
  readonly auc: number | undefined;
  readonly withinProblemAuc: number | undefined;
  readonly ece: number;
  readonly bins: readonly CalibrationBin[];
}

/** How much of what its candidates could add to the first of them a choice realises. */
export interface Headroom {
  readonly name: string;
  /** (choice - first) / (any is right - first), in accuracy. */
  readonly realised: number;
  /** 95% (bootstrap over problems). */
  readonly low: number;
  readonly high: number;
}

/** What a refiner does, and the share of drafts that it gives back as they are. */
export type Refiner = RefinerEffect & { readonly unchanged: number };

export interface EvaluationReport {
  readonly rows: readonly Row[];
  readonly comparisons: readonly Comparison[];
  readonly refiners: { readonly global: Refiner; readonly local: Refiner } & Overlap;
  readonly critics: {
    /** With its AUC among the candidates {draft, global, local} of the same problem. */
    readonly orm: CriticReport & { readonly withinCandidatesAuc: number | undefined };
    readonly sorm: CriticReport;
  };
  readonly thresholds: Thresholds & { readonly gate: number };
  /** Share of the draft-to-oracle headroom that `rerank` realises. */
  readonly headroomRealised: number | undefined;
  /** The same for each choice that has headroom. */
  readonly headroom: readonly Headroom[];
  readonly firstErrors: readonly { readonly step: number; readonly share: number }[];
  readonly outcomes: Outcomes;
}

/** One way to answer: right or not, and tokens generated, by problem; and how often each operation is done. */
interface Strategy {
  readonly right: readonly boolean[];
  readonly tokens: readonly number[];
  readonly scored: readonly number[];
}

/** Measured speeds, to turn tokens into seconds. */
export interface Speeds {
  readonly generatedPerSecond: number;
  readonly scoredPerSecond: number;
}

/** Evaluates the test set; `tau` and `thresholds` come from dev. */
export function evaluate(
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
  thresholds: Thresholds,
  tau: number,
  speeds: Speeds,
): EvaluationReport {
  const each = <T>(f: (record: ProblemRefinements, attempts: ProblemAttempts) => T): T[] =>
    refined.map((record, i) => f(record, attempts[i]!));
  const length = (attempt: Attempt) => attempt.tokens;
  const samples = (count: number) => attempts.map((problem) => problem.samples.slice(0, count));
  const answerKey = answerKeys();

  const single = (pick: (problem: ProblemAttempts) => Attempt): Strategy => ({
    right: attempts.map((problem) => pick(problem).right),
    tokens: attempts.map((problem) => pick(problem).tokens),
    scored: attempts.map(() => 0),
  });
  const among = (
    count: number,
    choose: (samples: readonly Attempt[]) => number,
    scored: boolean,
  ): Strategy => ({
    right: samples(count).map((group) => group[choose(group)]!.right),
    tokens: samples(count).map((group) => group.reduce((sum, attempt) => sum + length(attempt), 0)),
    scored: samples(count).map((group) =>
      scored ? group.reduce((sum, attempt) => sum + length(attempt), 0) : 0,
    ),
  });
  const byOrm = (group: readonly Attempt[]) => bestOf(group.map(scoreOf));
  const byBoth = (group: readonly Attempt[]) =>
    bestOf(group.map((item) => worth({ score: scoreOf(item), least: leastOf(item.sorm) }, 'both')));
  const byVote = (group: readonly Attempt[]) =>
    majority(
      group.map(({ answer }) => answer),
      answerKey,
    );
  /** Reranking among some of the candidates. */
  const rerankBy = (choice: Chooser, ...sources: string[]): Strategy => ({
    right: each((record, problem) => {
      const candidates = record.decision.candidates.filter(({ source }) =>
        sources.includes(source),
      );
      return rightOf(
        record,
        problem,
        candidates[bestOf(candidates.map((item) => worth(item, choice)))]!.source,
      );
    }),
    tokens: each((record) => tokensOf(record, sources)),
    // The draft is read by both critics, the refinements by those who choose.
    scored: each(
      (record) =>
        tokensOf(record, ['draft']) + tokensOf(record, sources) * (choice === 'both' ? 2 : 1),
    ),
  });
  const rerank = (...sources: string[]) => rerankBy('orm', ...sources);
  const refiner = (
    pick: (record: ProblemRefinements) => { right: boolean; tokens: number } | null,
  ): Strategy => ({
    right: each((record) => pick(record)?.right ?? false),
    tokens: each((record, { draft }) => draft.tokens + (pick(record)?.tokens ?? 0)),
    scored: each((_, { draft }) => draft.tokens),
  });
  const all = rerank('draft', 'global', 'local');
  const gated = attempts.map(({ draft }) => scoreOf(draft) < tau);
  const gate: Strategy = {
    right: all.right.map((right, i) => (gated[i] ? right : attempts[i]!.draft.right)),
    tokens: all.tokens.map((tokens, i) => (gated[i] ? tokens : attempts[i]!.draft.tokens)),
    scored: all.scored.map((scored, i) => (gated[i] ? scored : attempts[i]!.draft.tokens)),
  };
  const oracle: Strategy = {
    ...all,
    right: each((record, { draft }) => draft.right || record.global.right || record.local.right),
    scored: all.scored.map(() => 0),
  };
  const anyOf = (count: number): Strategy => ({
    ...among(count, () => 0, false),
    right: samples(count).map((group) => group.some(({ right }) => right)),
  });
  const twice = (strategy: Strategy): Strategy => ({
    ...strategy,
    scored: strategy.scored.map((tokens) => 2 * tokens),
  });
  const most = Math.min(8, ...attempts.map((problem) => problem.samples.length));

  const [bestOfMost, majorityOfMost, bothOfMost] = [
    `best-of-${most}`,
    `majority@${most}`,
    `both-of-${most}`,
  ];
  const strategies: [string, Strategy][] = [
    ['draft', single(({ draft }) => draft)],
    ['sample', single((problem) => problem.samples[0]!)],
    ['bo3', among(3, byOrm, true)],
    [`majority@${most}`, among(most, byVote, false)],
    [bestOfMost, among(most, byOrm, true)],
    ['global', refiner(({ global }) => global)],
    ['local', refiner(({ local }) => local)],
    ['local-orm', refiner(({ localOrm }) => localOrm)],
    ...(refined.some(({ localTruth }) => localTruth !== null)
      ? [['local-truth', refiner(({ localTruth }) => localTruth)] as [string, Strategy]]
      : []),
    ['rerank-global', rerank('draft', 'global')],
    ['rerank-local', rerank('draft', 'local')],
    ['rerank', all],
    ['gate', gate],
    ['rerank-both', rerankBy('both', 'draft', 'global', 'local')],
    [bothOfMost, twice(among(most, byBoth, true))],
    ['oracle', oracle],
    ['oracle-bo3', anyOf(3)],
    [`oracle@${most}`, anyOf(most)],
  ];
  /** Best of and majority among any number of samples. */
  const everyCount = Array.from({ length: most - 1 }, (_, i) => i + 2).flatMap((count) =>
    (
      [
        ['best-of-', byOrm],
        ['majority@', byVote],
      ] as const
    ).map(([name, choose]) => [`${name}${count}`, among(count, choose, false).right] as const),
  );
  const rightBy = new Map(strategies.map(([name, { right }]) => [name, right]));
  const rows = strategies.map(([name, { right, tokens, scored }]) => {
    const generatedTokens = mean(tokens);
    return {
      name,
      accuracy: share(right),
      ...wilson(right.filter(Boolean).length, right.length),
      generatedTokens,
      seconds: generatedTokens / speeds.generatedPerSecond + mean(scored) / speeds.scoredPerSecond,
    };
  });
  const compare = (a: string, b: string): Comparison => ({
    a,
    b,
    ...difference(rightBy.get(a)!, rightBy.get(b)!),
  });
  const draftRight = [...rightBy.get('draft')!];
  const globalRight = each(({ global }) => global.right);
  const localRight = each(({ local }) => local.right);
  const either = (refinedRight: readonly boolean[]) =>
    draftRight.map((right, i) => right || refinedRight[i]!);
  /** Without an error seen there is no local candidate, and the draft stays as it is. */
  const unchanged = (source: string) =>
    share(
      each(({ decision: { candidates } }) => {
        const found = candidates.find((candidate) => candidate.source === source);
        return !found || sameLines(found.solution, candidates[0]!.solution);
      }),
    );
  const realised = (name: string, first: string, bound: readonly boolean[]): Headroom[] => {
    const [from, to] = [rightBy.get(first)!, rightBy.get(name)!].map((right) => right.map(Number));
    const gained = to!.map((value, i) => value - from![i]!);
    const could = bound.map((value, i) => Number(value) - from![i]!);
    if (mean(could) === 0) return [];
    const interval = ratioBootstrap(gained, could, { seed: 1, rounds: 2000 });
    return [{ name, realised: mean(gained) / mean(could), ...interval }];
  };
  const accuracyOf = (name: string) => rows.find((row) => row.name === name)!.accuracy;
  const headroom = accuracyOf('oracle') - accuracyOf('draft');
  return {
    rows,
    comparisons: [
      compare('rerank', 'draft'),
      compare('rerank', 'bo3'),
      compare('rerank', bestOfMost),
      compare('rerank', majorityOfMost),
      compare('gate', 'draft'),
      compare('rerank-both', 'rerank'),
      compare('rerank-both', bothOfMost),
      compare(bestOfMost, 'sample'),
      compare(bestOfMost, 'draft'),
      compare('local', 'local-orm'),
    ],
    refiners: {
      global: { ...refinerEffect(draftRight, globalRight), unchanged: unchanged('global') },
      local: { ...refinerEffect(draftRight, localRight), unchanged: unchanged('local') },
      ...(overlap(draftRight, globalRight, localRight) ?? {
        globalOnly: 0,
        localOnly: 0,
        both: 0,
        neither: 0,
      }),
    },
    critics: {
      orm: {
        ...criticReport('orm', attempts, thresholds),
        withinCandidatesAuc: withinProblemAuc(
          each((record, problem) =>
            record.decision.candidates.map(({ source, score }) => ({
              score,
              right: rightOf(record, problem, source),
            })),
          ),
        ).micro,
      },
      sorm: criticReport('sorm', attempts, thresholds),
    },
    thresholds: { ...thresholds, gate: tau },
    headroomRealised:
      headroom > 0 ? (accuracyOf('rerank') - accuracyOf('draft')) / headroom : undefined,
    headroom: [
      ...realised('rerank-global', 'draft', either(globalRight)),
      ...realised('rerank-local', 'draft', either(localRight)),
      ...realised('rerank', 'draft', oracle.right),
      ...realised('gate', 'draft', oracle.right),
      ...realised('rerank-both', 'draft', oracle.right),
      ...realised('bo3', 'sample', anyOf(3).right),
      ...realised(bestOfMost, 'sample', anyOf(most).right),
    ],
    firstErrors: firstErrorShares(attempts),
    outcomes: outcomesOf(attempts, refined, thresholds, new Map([...everyCount, ...rightBy])),
  };
}

const tokensOf = ({ decision }: ProblemRefinements, sources: readonly string[]): number =>
  decision.candidates
    .filter(({ source }) => sources.includes(source))
    .reduce((sum, { tokens }) => sum + tokens, 0);

const sameLines = (a: Solution, b: Solution): boolean =>
  a.answer === b.answer && JSON.stringify(a.steps) === JSON.stringify(b.steps);

function criticReport(
  critic: CriticName,
  attempts: readonly ProblemAttempts[],
  thresholds: Thresholds,
): CriticReport {
  const samples = samplesOf(attempts);
  const drafts = attempts.map(({ draft }) => draft);
  const known = samples.filter(({ truth, steps }) => truth !== null && steps.length > 0);
  const truths = drafts.map(trueFirstError);
  const located = drafts.map((draft) => locateFirstError(draft[critic], thresholds.locate[critic]));
  const { wrong, right, f1 } = truths.includes(undefined)
    ? { wrong: undefined, right: undefined, f1: undefined }
    : firstErrorMetric(located, truths as number[]);
  const finals = samples.map(finalOf(critic));
  const labels = samples.map((sample) => sample.right);
  const { ece, bins } = calibration(finals, labels);
  return {
    stepAccuracy:
      known.length === 0
        ? undefined
        : stepAccuracy(
            known.map(stepsOf(critic)),
            known.map(({ truth }) => [...truth!]),
            thresholds.step[critic],
          ),
    firstError: { wrong, right, f1 },
    finalAccuracy: share(finals.map((value, i) => value >= thresholds.final[critic] === labels[i])),
    auc: auc(finals, labels),
    withinProblemAuc: withinProblemAuc(
      attempts.map(({ samples: group }) =>
        group.map((attempt) => ({ score: finalOf(critic)(attempt), right: attempt.right })),
      ),
    ).micro,
    ece,
    bins,
  };
}

/** Where the first errors of wrong drafts are. */
function firstErrorShares(attempts: readonly ProblemAttempts[]): { step: number; share: number }[] {
  const places = attempts
    .map(({ draft }) => trueFirstError(draft))
    .filter((place): place is number => place !== undefined && place > 0);
  const longest = Math.max(0, ...places);
  return Array.from({ length: longest }, (_, i) => ({
    step: i + 1,
    share: share(places.map((place) => place === i + 1)),
  }));
}

/** The report of a run: `report.json`, computed from the attempts and refinements of the test problems alone. */
import { sameAnswer } from '../problem/index.js';
import { firstErrorOf } from '../refine/index.js';
import {
  type Attempt,
  firstErrorOfTruth,
  type ProblemAttempts,
  type ProblemRefinements,
  scoreOf,
} from './attempt.js';
import {
  auc,
  type CalibrationBin,
  calibration,
  firstErrorMetric,
  fitThreshold,
  stepAccuracy,
  withinProblemAuc,
} from './critic.js';
import { type Outcomes, outcomesOf } from './outcomes.js';
import { type Overlap, overlap, type RefinerEffect, refinerEffect } from './refiner.js';
import { mcnemar, pairedBootstrap, wilson } from './statistics.js';
import { bestOf, majority } from './vote.js';

/** Fitted on dev, used on test. */
export interface Thresholds {
  /** A step is judged wrong below this (step accuracy). */
  readonly step: { readonly orm: number; readonly sorm: number };
  /** The first error is the first line below this (first-error F1). */
  readonly locate: { readonly orm: number; readonly sorm: number };
  /** A whole solution is judged wrong below this. */
  readonly final: { readonly orm: number; readonly sorm: number };
}

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

export interface EvaluationReport {
  readonly rows: readonly Row[];
  readonly comparisons: readonly Comparison[];
  readonly refiners: { readonly global: RefinerEffect; readonly local: RefinerEffect } & Overlap;
  readonly critics: { readonly orm: CriticReport; readonly sorm: CriticReport };
  readonly thresholds: Thresholds & { readonly gate: number };
  /** Share of the draft-to-oracle headroom that `rerank` realises. */
  readonly headroomRealised: number | undefined;
  readonly firstErrors: readonly { readonly step: number; readonly share: number }[];
  readonly outcomes: Outcomes;
}

type Critic = 'orm' | 'sorm';

const samplesOf = (attempts: readonly ProblemAttempts[]): Attempt[] =>
  attempts.flatMap(({ samples }) => samples);
const finalOf = (critic: Critic) => (attempt: Attempt) =>
  attempt.answer === null ? 0 : attempt[critic].at(-1)!;
const stepsOf = (critic: Critic) => (attempt: Attempt) =>
  attempt[critic].slice(0, attempt.steps.length);
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
const share = (flags: readonly boolean[]): number => mean(flags.map(Number));

/** Fits every threshold on dev. */
export function fitThresholds(dev: readonly ProblemAttempts[]): Thresholds {
  const samples = samplesOf(dev);
  const drafts = dev.map(({ draft }) => draft);
  const each = (fit: (critic: Critic) => number) => ({ orm: fit('orm'), sorm: fit('sorm') });
  const known = samples.filter(({ truth, steps }) => truth !== null && steps.length > 0);
  return {
    step: each((critic) => {
      if (known.length === 0) return 0.5;
      const values = known.map(stepsOf(critic));
      const truth = known.map((attempt) => [...attempt.truth!]);
      return fitThreshold(values.flat(), (threshold) => stepAccuracy(values, truth, threshold))
        .threshold;
    }),
    locate: each((critic) => {
      const values = drafts.flatMap((draft) => [...draft[critic]]);
      if (values.length === 0) return 0.5;
      return fitThreshold(values, (threshold) => located(drafts, critic, threshold)).threshold;
    }),
    final: each((critic) => {
      const values = samples.map(finalOf(critic));
      return fitThreshold(values, (threshold) =>
        share(samples.map(({ right }, i) => values[i]! >= threshold === right)),
      ).threshold;
    }),
  };
}

/**
 * First-error F1 of the drafts. Where the truth of steps is not known, a wrong draft counts as located wherever an error
 * is seen in it: what can be judged of a location then is what it says of the whole draft.
 */
function located(drafts: readonly Attempt[], critic: Critic, threshold: number): number {
  const places = drafts.map((draft) => firstErrorOf(draft[critic], threshold));
  const truths = drafts.map(
    (draft, i) => firstErrorOfTruth(draft) ?? (draft.right ? -1 : Math.max(1, places[i]!)),
  );
  return firstErrorMetric(places, truths).f1 ?? 0;
}

/** The gate's tau, fitted on dev: the best accuracy; of equal ones fewer refinements. */
export function fitGate(
  attempts: readonly ProblemAttempts[],
  refined: readonly ProblemRefinements[],
): number {
  const scores = attempts.map(({ draft }) => scoreOf(draft));
  const chosen = refined.map((record, i) => chosenRight(record, attempts[i]!));
  // Scores are at most 1, so the last one refines every draft.
  const candidates = [0, ...new Set(scores), 1.01].sort((a, b) => a - b);
  const accuracy = (tau: number) =>
    share(scores.map((score, i) => (score < tau ? chosen[i]! : attempts[i]!.draft.right)));
  return candidates.reduce((best, tau) => (accuracy(tau) > accuracy(best) ? tau : best));
}

const rightOf = (record: ProblemRefinements, attempts: ProblemAttempts, source: string): boolean =>
  source === 'draft'
    ? attempts.draft.right
    : source === 'global'
      ? record.global.right
      : record.local.right;

const chosenRight = (record: ProblemRefinements, attempts: ProblemAttempts): boolean =>
  rightOf(record, attempts, record.decision.candidates[record.decision.choice]!.source);

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
  const answerKey = keys();

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
  const byVote = (group: readonly Attempt[]) =>
    majority(
      group.map(({ answer }) => answer ?? undefined),
      answerKey,
    );
  /** Reranking among some of the candidates. */
  const rerank = (...sources: string[]): Strategy => ({
    right: each((record, problem) => {
      const candidates = record.decision.candidates.filter(({ source }) =>
        sources.includes(source),
      );
      return rightOf(
        record,
        problem,
        candidates[bestOf(candidates.map(({ score }) => score))]!.source,
      );
    }),
    tokens: each((record) => tokensOf(record, sources)),
    scored: each((record) => tokensOf(record, sources) + tokensOf(record, ['draft'])),
  });
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
  const most = Math.min(8, ...attempts.map((problem) => problem.samples.length));

  const [bestOfMost, majorityOfMost] = [`best-of-${most}`, `majority@${most}`];
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
  const compare = (a: string, b: string): Comparison => {
    const [x, y] = [rightBy.get(a)!, rightBy.get(b)!];
    const { difference, low, high } = pairedBootstrap(x.map(Number), y.map(Number), {
      seed: 1,
      rounds: 2000,
    });
    return { a, b, difference, low, high, p: mcnemar([...x], [...y]).p };
  };
  const draftRight = [...rightBy.get('draft')!];
  const globalRight = each(({ global }) => global.right);
  const localRight = each(({ local }) => local.right);
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
      compare(bestOfMost, 'sample'),
      compare(bestOfMost, 'draft'),
      compare('local', 'local-orm'),
    ],
    refiners: {
      global: refinerEffect(draftRight, globalRight),
      local: refinerEffect(draftRight, localRight),
      ...(overlap(draftRight, globalRight, localRight) ?? {
        globalOnly: 0,
        localOnly: 0,
        both: 0,
        neither: 0,
      }),
    },
    critics: {
      orm: criticReport('orm', attempts, thresholds),
      sorm: criticReport('sorm', attempts, thresholds),
    },
    thresholds: { ...thresholds, gate: tau },
    headroomRealised:
      headroom > 0 ? (accuracyOf('rerank') - accuracyOf('draft')) / headroom : undefined,
    firstErrors: firstErrorShares(attempts),
    outcomes: outcomesOf(attempts, refined, thresholds, new Map([...everyCount, ...rightBy])),
  };
}

const tokensOf = ({ decision }: ProblemRefinements, sources: readonly string[]): number =>
  decision.candidates
    .filter(({ source }) => sources.includes(source))
    .reduce((sum, { tokens }) => sum + tokens, 0);

/** Equal answers get equal keys, however they are spelt. */
function keys(): (answer: string) => string {
  const found = new Map<string, string>();
  return (answer) => {
    let key = found.get(answer);
    if (key === undefined) {
      key = [...new Set(found.values())].find((other) => sameAnswer(other, answer)) ?? answer;
      found.set(answer, key);
    }
    return key;
  };
}

function criticReport(
  critic: Critic,
  attempts: readonly ProblemAttempts[],
  thresholds: Thresholds,
): CriticReport {
  const samples = samplesOf(attempts);
  const drafts = attempts.map(({ draft }) => draft);
  const known = samples.filter(({ truth, steps }) => truth !== null && steps.length > 0);
  const truths = drafts.map(firstErrorOfTruth);
  const located = drafts.map((draft) => firstErrorOf(draft[critic], thresholds.locate[critic]));
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
    .map(({ draft }) => firstErrorOfTruth(draft))
    .filter((place): place is number => place !== undefined && place > 0);
  const longest = Math.max(0, ...places);
  return Array.from({ length: longest }, (_, i) => ({
    step: i + 1,
    share: share(places.map((place) => place === i + 1)),
  }));
}

/** What is recorded of each problem that is evaluated, and what can be read off it. The report needs no more. */
import type { Solution } from '../codec/index.js';
import { GloreError } from '../error.js';
import { chosen, type Decision, finalScore, type Source } from '../refine/index.js';
import { checkSameLength } from './statistics.js';

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

/** What shows of the refinements of a draft whether it was the draft, and the place in it, that made them right. */
export interface ProblemControls {
  readonly problem: string;
  /** The global refiner with another problem's draft, and its weights solving the problem plainly. */
  readonly globalBlind: Outcome;
  readonly globalPlain: Outcome;
  /** The local refiner at a random line of the drafts in which the SORM sees an error. */
  readonly localRandom: Outcome;
  /** The log-probability, in nats, that the student gives each sample, and each candidate of the decision; where it says so. */
  readonly likelihoods?: {
    readonly samples: readonly number[];
    readonly candidates: readonly number[];
  };
  /** Tokens of the question as a model reads it. */
  readonly prompt: number;
  /** Tokens that a critic reads after the question, for each candidate of the decision. */
  readonly read: readonly number[];
  /** Step-level beam search by the number of lines sampled at once; where the student can write line by line. */
  readonly beams?: Readonly<Record<BeamSize, BeamOutcome>>;
}

/** Lines sampled at once: for about the tokens of `rerank`, and of 8 samples. */
export const beamSizes = {
  3: { beams: 1, width: 3 },
  8: { beams: 2, width: 4 },
} as const;
export type BeamSize = keyof typeof beamSizes;

/** The answer of a beam search. */
export interface BeamOutcome extends Outcome {
  /** Tokens that the critics read after the question, each critic each of them once. */
  readonly read: number;
}

/** All that the ways to answer one problem are read off. */
export interface ProblemRecords {
  readonly attempts: ProblemAttempts;
  readonly refinements: ProblemRefinements;
  /** Of the test problems. */
  readonly controls?: ProblemControls;
  /** The same as `attempts` of the student that went on learning; where there is one. */
  readonly retrained?: ProblemAttempts;
}

/** What is enough for ways among samples. */
export type Sampled = Pick<ProblemRecords, 'attempts'>;

/**
 * The records of problems.
 * @param more controls, where there are any
 * @throws GloreError `length-mismatch`, `records-mixed` unless all lists are of the same problems
 */
export function recordsOf(
  attempts: readonly ProblemAttempts[],
  refinements: readonly ProblemRefinements[],
  {
    controls,
    retrained,
  }: {
    readonly controls?: readonly ProblemControls[] | undefined;
    readonly retrained?: readonly ProblemAttempts[] | undefined;
  } = {},
): ProblemRecords[] {
  checkSameLength('recordsOf', attempts, refinements);
  checkSameProblems(attempts, refinements);
  if (controls) checkSameProblems(attempts, controls);
  if (retrained) checkSameProblems(attempts, retrained);
  return attempts.map((own, i) => ({
    attempts: own,
    refinements: refinements[i]!,
    ...(controls && { controls: controls[i]! }),
    ...(retrained && { retrained: retrained[i]! }),
  }));
}

/** @throws GloreError `records-mixed` at the first problem that differs */
export function checkSameProblems(
  a: readonly { readonly problem: string }[],
  b: readonly { readonly problem: string }[],
): void {
  const at = a.findIndex(({ problem }, i) => problem !== b[i]?.problem);
  if (at === -1) return;
  throw new GloreError(
    'records-mixed',
    `evaluation: expected record ${at + 1} of each file to be of problem ${a[at]!.problem}, found ${b[at]?.problem ?? 'none'}; delete the folder evaluation and run the recipe again`,
  );
}

export const criticNames = ['orm', 'sorm'] as const;
export type CriticName = (typeof criticNames)[number];

/** Something for each critic. */
export type ByCritic<T> = Readonly<Record<CriticName, T>>;
export const byCritic = <T>(of: (critic: CriticName) => T): ByCritic<T> => ({
  orm: of('orm'),
  sorm: of('sorm'),
});

/** A threshold of values that is no one's choice. */
export const HALF = 0.5;

/** A critic's value of a whole attempt; one without an answer cannot be right. */
export const finalOf =
  (critic: CriticName) =>
  (attempt: Attempt): number =>
    finalScore(attempt, attempt[critic]);

/** The ORM's value of a whole attempt. */
export const scoreOf = finalOf('orm');

/** A critic's values of the steps, without that of the answer line. */
export const stepsOf = (critic: CriticName) => (attempt: Attempt) =>
  attempt[critic].slice(0, attempt.steps.length);

/** Whether a candidate of `rerank` is right, by its source. */
export const rightOf = ({ attempts, refinements }: ProblemRecords, source: Source): boolean =>
  (source === 'global' || source === 'local' ? refinements[source] : attempts.draft).right;

/** Whether what `rerank` chose is right. */
export const chosenRight = (problem: ProblemRecords): boolean =>
  rightOf(problem, chosen(problem.refinements.decision).source);

/** Whether the truth of its steps is known. */
export const hasTruth = (
  attempt: Attempt,
): attempt is Attempt & { readonly truth: readonly boolean[] } => attempt.truth !== null;

/**
 * The true first error E of an attempt, 1-based: the first wrong step, or the answer line of one whose steps are right
 * and whose answer is not; -1 where nothing is wrong, undefined where the truth of steps is not known.
 */
export function trueFirstError({
  truth,
  right,
  steps,
}: Pick<Attempt, 'truth' | 'right' | 'steps'>): number | undefined {
  if (truth === null) return undefined;
  const step = truth.indexOf(false);
  if (step >= 0) return step + 1;
  return right ? -1 : steps.length + 1;
}

/** What a refiner does to drafts, and how the global and the local refiner complement each other. One outcome per problem. */
import { checkNotEmpty, checkSameLength } from './statistics.js';

export interface RefinerEffect {
  /** Accuracy of the drafts. */
  before: number;
  /** Accuracy of the refinements. */
  after: number;
  /** Wrong drafts made right, as a fraction of all problems. */
  wrongToRight: number;
  /** Right drafts made wrong, as a fraction of all problems. */
  rightToWrong: number;
  /** Wrong drafts made right, as a fraction of the wrong drafts; undefined if no draft is wrong. */
  wrongFixed: number | undefined;
  wrongDrafts: number;
}

/** Who fixes the wrong drafts: fractions of the wrong drafts, adding up to 1. */
export interface Overlap {
  globalOnly: number;
  localOnly: number;
  both: number;
  neither: number;
}

/**
 * Compares drafts with their refinements, problem by problem: `after = before + wrongToRight - rightToWrong`.
 *
 * @throws GloreError `length-mismatch`; `nothing-to-measure` without problems.
 */
export function refinerEffect(
  draftRight: readonly boolean[],
  refinedRight: readonly boolean[],
): RefinerEffect {
  checkSameLength('refinerEffect', draftRight, refinedRight);
  checkNotEmpty('refinerEffect', draftRight);
  const problems = draftRight.length;
  const wrongDrafts = count(draftRight, (right) => !right);
  const fixed = count(draftRight, (right, i) => !right && refinedRight[i]!);
  const spoiled = count(draftRight, (right, i) => right && !refinedRight[i]);
  return {
    before: (problems - wrongDrafts) / problems,
    after: (problems - wrongDrafts + fixed - spoiled) / problems,
    wrongToRight: fixed / problems,
    rightToWrong: spoiled / problems,
    wrongFixed: wrongDrafts === 0 ? undefined : fixed / wrongDrafts,
    wrongDrafts,
  };
}

/**
 * Splits the wrong drafts by which refiner fixes them; the share fixed by the two together is `1 - neither`.
 * Undefined if no draft is wrong.
 *
 * @throws GloreError `length-mismatch` unless all three lists have one outcome per problem.
 */
export function overlap(
  draftRight: readonly boolean[],
  globalRight: readonly boolean[],
  localRight: readonly boolean[],
): Overlap | undefined {
  checkSameLength('overlap', draftRight, globalRight);
  checkSameLength('overlap', draftRight, localRight);
  const wrongDrafts = count(draftRight, (right) => !right);
  if (wrongDrafts === 0) return undefined;
  const share = (byGlobal: boolean, byLocal: boolean) =>
    count(
      draftRight,
      (right, i) => !right && globalRight[i] === byGlobal && localRight[i] === byLocal,
    ) / wrongDrafts;
  return {
    globalOnly: share(true, false),
    localOnly: share(false, true),
    both: share(true, true),
    neither: share(false, false),
  };
}

function count(
  outcomes: readonly boolean[],
  test: (right: boolean, index: number) => boolean,
): number {
  return outcomes.filter(test).length;
}

/** Which of the student's samples get stepwise labels. */
import { distinct } from '../codec/index.js';
import { Random } from '../problem/index.js';
import { byProblem, type Sample } from '../rollout/index.js';

/**
 * The samples whose steps are labelled: distinct wrong ones of problems that the student has also solved, and as many right
 * ones, which need no rollouts. Where no sample is right the student mostly lacks a skill, rollouts fail from right prefixes
 * too, and a quarter of the labels would be false.
 * @param most wrong samples, and right ones
 * @param unsolved whether wrong ones of problems that the student has not solved are chosen as well
 */
export function chooseSamples(
  samples: readonly Sample[],
  {
    most,
    seed,
    unsolved = false,
  }: {
    readonly most: number;
    readonly seed: string;
    readonly unsolved?: boolean | undefined;
  },
): { wrong: Sample[]; right: Sample[] } {
  const solved = [...byProblem(samples).values()].filter(
    (group) => unsolved || group.some((sample) => sample.right),
  );
  const choose = (right: boolean) => {
    const all = solved.flatMap((group) =>
      distinct(group.filter((sample) => sample.right === right && sample.steps.length > 0)),
    );
    const chosen = new Set(new Random(seed, String(right)).shuffle(all).slice(0, most));
    return all.filter((sample) => chosen.has(sample));
  };
  return { wrong: choose(false), right: choose(true) };
}

/** What on dev says that figures of the test will mean little: told before the test is touched, and in the report. */
import { rankedPairs } from './critic.js';
import {
  chosenRight,
  criticNames,
  finalOf,
  type ProblemRecords,
  rightOf,
  scoreOf,
} from './records.js';
import { ratioBootstrap, share, sum } from './statistics.js';
import { percent } from './table.js';

/** A larger share of samples without an answer is said. */
const FEW_UNANSWERED = 0.05;

/** @param tau the gate's, fitted on the same problems */
export const cautionsOf = (dev: readonly ProblemRecords[], tau: number): string[] => [
  ...criticNames.flatMap((critic) => blind(dev, critic)),
  ...idleGate(dev, tau),
  ...noHeadroom(dev),
  ...unanswered(dev),
];

/** A critic that does not tell right samples of a problem from wrong ones. */
function blind(dev: readonly ProblemRecords[], critic: (typeof criticNames)[number]): string[] {
  const name = critic.toUpperCase();
  const mixed = dev
    .map(({ attempts }) =>
      rankedPairs(
        attempts.samples.map((sample) => ({ score: finalOf(critic)(sample), right: sample.right })),
      ),
    )
    .filter(({ pairs }) => pairs > 0);
  const won = mixed.map((problem) => problem.won);
  const pairs = mixed.map((problem) => problem.pairs);
  if (mixed.length === 0)
    return [
      `no dev problem has right and wrong samples, so nothing says whether the ${name} tells them apart; take more dev problems, or samples`,
    ];
  const { low, high } = ratioBootstrap(won, pairs, { seed: 1, rounds: 2000 });
  if (low > 0.5) return [];
  const ranked = (sum(won) / sum(pairs)).toFixed(3);
  return [
    `the ${name} is not surely better than chance at telling right samples of a dev problem from wrong ones (AUC within problems ${ranked}, 95% ${low.toFixed(3)} to ${high.toFixed(3)}, ${mixed.length} problems): what it chooses and where it points may mean nothing; train it on more, or take more dev problems`,
  ];
}

/** A gate that keeps every draft, or refines every one. */
function idleGate(dev: readonly ProblemRecords[], tau: number): string[] {
  const refined = dev.filter(({ attempts }) => scoreOf(attempts.draft) < tau).length;
  if (refined > 0 && refined < dev.length) return [];
  return refined === 0
    ? [
        'the gate refines no draft of dev: keeping all of them was as good there as any choice, so the gated row is that of the draft',
      ]
    : [
        'the gate refines every draft of dev: no score of the ORM was worth keeping there, so the gated row is that of `rerank`',
      ];
}

/** Nothing, or next to nothing, that choosing among draft and refinements could gain. */
function noHeadroom(dev: readonly ProblemRecords[]): string[] {
  const could = dev.filter(
    (problem) =>
      !rightOf(problem, 'draft') && (rightOf(problem, 'global') || rightOf(problem, 'local')),
  );
  if (could.length > 1) return [];
  const gained = could.filter(chosenRight).length;
  return [
    `refinements can gain ${could.length === 1 ? 'one problem' : 'no problem'} of ${dev.length} on dev (${gained} chosen): the share of headroom realised says nothing; train the refiners on more, or take more or harder dev problems`,
  ];
}

/** Samples that end without an answer. */
function unanswered(dev: readonly ProblemRecords[]): string[] {
  const all = dev.flatMap(({ attempts }) => [attempts.draft, ...attempts.samples]);
  const none = share(all.map(({ answer }) => answer === null));
  if (none <= FEW_UNANSWERED) return [];
  return [
    `${percent(none)} of the student's solutions of dev have no answer: they count as wrong; raise maxTokens, or look at how they end in evaluation/dev.attempts.jsonl`,
  ];
}

/** Choosing one of several samples of a problem: by majority of their answers, or by a reward model's scores. */
import { sameAnswer } from '../reading/index.js';
import { checkNotEmpty, checkNumbers } from './statistics.js';

/**
 * Index of the first sample that gives the answer with the largest sum of weights (weighted majority); all weigh 1 if left
 * out, and then it is the most frequent answer (majority@k); `key` maps equivalent answers to one string.
 * A missing answer has no vote, so it wins only if all are missing; of tied answers the one seen first wins.
 *
 * @throws GloreError `nothing-to-measure` without samples.
 */
export function majority(
  answers: readonly (string | null)[],
  key: (answer: string) => string,
  weights?: readonly number[],
): number {
  checkNotEmpty('majority', answers);
  const groups = new Map<string, { first: number; votes: number }>();
  answers.forEach((answer, index) => {
    if (answer === null) return;
    const group = groups.get(key(answer)) ?? { first: index, votes: 0 };
    group.votes += weights?.[index] ?? 1;
    groups.set(key(answer), group);
  });
  // A Map keeps insertion order, so a strict comparison leaves ties with the answer seen first.
  let winner = { first: 0, votes: 0 };
  for (const group of groups.values()) if (group.votes > winner.votes) winner = group;
  return winner.first;
}

/**
 * Index of the highest score, the first of equal ones (best-of-k).
 *
 * @throws GloreError `nothing-to-measure` without scores; `not-a-number` for a NaN score.
 */
export function bestOf(scores: readonly number[]): number {
  checkNotEmpty('bestOf', scores);
  checkNumbers('bestOf', scores);
  return scores.indexOf(scores.reduce((a, b) => Math.max(a, b)));
}

/** Keys for `majority`: equal answers get equal ones, however they are spelt. */
export function answerKeys(): (answer: string) => string {
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

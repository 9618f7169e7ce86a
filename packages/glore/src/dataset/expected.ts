/**
 * What a critic may learn before any label of outcomes or steps (ours): whether the student would have written what it reads.
 * Comparing what is written with what was to be expected is what checking begins with, and labels of whole lines alone
 * teach a small model that only after very many updates. No truth is needed for it, only the student and its samples.
 * Replaced tokens as something to detect are those of ELECTRA (Clark et al. 2020); that the student decides what is out of
 * place, and not what has been replaced, is ours, since a sample's own digits may be wrong too.
 */
import type { Example } from '@glore/engine';
import type { Codec, Solution } from '../codec/index.js';
import type { Random } from '../problem/index.js';

/** A digit is expected where the student gives it at least this. */
const LIKELY = 0.5;
/** A line is where no token up to its end is one that the student gives less than this: it may have had a choice. */
const UNLIKELY = 0.1;
/** Of a line's tag in the loss, where a digit has 1. */
const TAG_WEIGHT = 0.5;

/** A solution in which each digit is another one by the chance `share`. */
export function withReplacedDigits(
  { steps, answer }: Solution,
  random: Random,
  share: number,
): Solution {
  const replaced = (text: string): string =>
    text
      .replaceAll(/\d/g, (digit) =>
        random.chance(share) ? String((Number(digit) + random.integer(1, 9)) % 10) : digit,
      )
      // No number begins with 0.
      .replaceAll(/(?<!\d)0+(?=\d)/g, '');
  return { steps: steps.map(replaced), answer: answer === null ? null : replaced(answer) };
}

/**
 * A critic's sequence with labels of expectation at each token of digits and at each line's tag.
 * @param logprobs of each token of `codec.solution(solution)`, as the student gives them, in nats
 */
export function expectedExample(
  codec: Codec,
  question: string,
  solution: Solution,
  logprobs: readonly number[],
  isDigits: (token: number) => boolean,
): Example {
  const { tokens, tags } = codec.tagged(question, solution);
  const atTag = new Set(tags);
  const label = (expected: boolean) => (expected ? codec.ids.plus : codec.ids.minus);
  const targets = tokens.map(() => -1);
  const weights = tokens.map(() => 1);
  let least = 0;
  let read = 0;
  for (let at = codec.prompt(question).length + 1; at < tokens.length; at++) {
    if (atTag.has(at)) {
      targets[at] = label(least >= Math.log(UNLIKELY));
      weights[at] = TAG_WEIGHT;
      continue;
    }
    const logprob = logprobs[read++]!;
    least = Math.min(least, logprob);
    if (isDigits(tokens[at]!)) targets[at] = label(logprob >= Math.log(LIKELY));
  }
  return { tokens, targets, weights };
}

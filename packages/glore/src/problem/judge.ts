/** Right or wrong, and how sure: compares what a model wrote with the gold answer. */
import { GloreError } from '../error.js';
import { type Extracted, extractAnswer } from './answer.js';
import { canonical, comparisonDoubt, sameCanonical } from './equivalence.js';

export interface Judgement {
  readonly right: boolean;
  /** A person might judge otherwise; `reason` says why. */
  readonly doubtful: boolean;
  /** What was found in the text; absent if nothing was. */
  readonly extracted?: Extracted;
  readonly reason?: string;
}

/**
 * Whether `text` gives the answer `gold`. A text without an answer is wrong, and not doubtful.
 *
 * @throws GloreError `gold-unparsable` if `gold` is empty.
 */
export function judge(gold: string, text: string): Judgement {
  const expected = canonical(gold);
  if (!expected) {
    throw new GloreError(
      'gold-unparsable',
      `judge: expected a gold answer, found ${JSON.stringify(gold)}; check the problem set`,
    );
  }
  const extracted = extractAnswer(text, expected.kind);
  if (!extracted) return { right: false, doubtful: false, reason: 'no answer found' };
  const given = canonical(extracted.value)!;
  const doubts = [extracted.doubt, comparisonDoubt(expected, given)].filter(Boolean);
  const judgement = {
    right: sameCanonical(expected, given),
    doubtful: doubts.length > 0,
    extracted,
  };
  return doubts.length > 0 ? { ...judgement, reason: doubts.join('; ') } : judgement;
}

/** Right or wrong, and how sure: compares what a model wrote with the gold answer. */
import { GloreError } from '../error.js';
import { type Extracted, extractAnswer, goldAnswer } from './answer.js';
import { type Canonical, canonical, comparisonDoubt, sameCanonical } from './equivalence.js';

export interface Judgement {
  readonly right: boolean;
  /** A person might judge otherwise; `reason` says why. */
  readonly doubtful: boolean;
  /** What was found in the text; absent if nothing was. */
  readonly extracted?: Extracted;
  readonly reason?: string;
}

/**
 * Whether `text`, which a model wrote, gives the answer `gold`: the answer alone or a worked solution that marks it, as
 * GSM8K's `#### 72` does. A text without an answer is wrong, and not doubtful. The two are named, not ordered, so that they
 * cannot be swapped unseen.
 *
 * @throws GloreError `gold-unparsable` if `gold` is empty, or several lines of which none is marked as the answer
 */
export function judge({ gold, text }: { readonly gold: string; readonly text: string }): Judgement {
  const expected = goldOf(gold);
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

function goldOf(gold: string): Canonical {
  const found = canonical(goldAnswer(gold));
  // Whatever a model writes is another text than a whole solution.
  const marked = () => extractAnswer(gold, 'text')?.how !== 'bare';
  if (found && (found.kind === 'number' || !gold.trim().includes('\n') || marked())) return found;
  throw new GloreError(
    'gold-unparsable',
    `judge: expected a gold answer, found ${JSON.stringify(gold.slice(0, 80))}; give the answer alone, or mark it with ####`,
  );
}

/** Right or wrong, and how sure: compares what a model wrote with the gold answer. */
import { GloreError } from '../error.js';
import type { Canonical } from './canonical.js';
import { comparisonDoubt, sameCanonical } from './equivalence.js';
import type { Found } from './field.js';
import { readGold } from './gold.js';
import { type Extracted, type Kind, read } from './read.js';

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
 * @throws GloreError `gold-unparsable` if `gold` is empty, or a text in which no answer is found
 */
export function judge({ gold, text }: { readonly gold: string; readonly text: string }): Judgement {
  const expected = readGold(gold);
  if (expected) return judgeBy(expected, text);
  throw new GloreError(
    'gold-unparsable',
    `judge: expected a gold answer, found ${JSON.stringify(gold.slice(0, 80))}; give the answer alone, or mark it with ####`,
  );
}

/** `judge` by a gold answer that is read already. */
export function judgeBy(gold: Found, text: string): Judgement {
  const { answer, solution } = read(text, kindOf(gold.form));
  if (!answer) return unanswered(gold.form, solution);
  const { value, how, form, doubt } = answer;
  const doubts = [gold.doubt, doubt, comparisonDoubt(gold.form, form)].filter(Boolean);
  return {
    right: sameCanonical(gold.form, form),
    doubtful: doubts.length > 0,
    extracted: { value, how, ...(doubt && { doubt }) },
    ...(doubts.length > 0 && { reason: doubts.join('; ') }),
  };
}

/** An option beside which a number stands may be answered by the number. */
function kindOf(form: Canonical): Kind {
  const content = form.kind === 'option' ? form.content : form;
  return content?.kind === 'number' ? 'number' : 'text';
}

function unanswered(gold: Canonical, solution: string): Judgement {
  const named =
    gold.kind === 'option'
      ? new RegExp(`\\b${gold.key}\\b`).test(solution)
      : solution.toLowerCase().includes(gold.key.replaceAll('"', ''));
  return named
    ? {
        right: false,
        doubtful: true,
        reason: 'no answer is marked, but the gold answer is in the text',
      }
    : { right: false, doubtful: false, reason: 'no answer found' };
}

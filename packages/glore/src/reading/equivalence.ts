/** When are two answers the same? Numbers by exact value, everything else by normalised text; never by rounding. */
import {
  type Canonical,
  type CanonicalNumber,
  type CanonicalText,
  canonical,
} from './canonical.js';
import { spell } from './rational.js';

/**
 * Whether two answers are the same. A number without a unit equals that number with any unit, but two units that are
 * both stated must agree: "72" = "72 clips", "72 paper clips" = "72 clips", "5 hours" != "5 minutes", "50%" != "0.5". An
 * option is the same by its letter, or by its content where only one has a letter: "B" = "B: blue" = "blue".
 */
export function sameAnswer(a: string, b: string): boolean {
  const [left, right] = [canonical(a), canonical(b)];
  return left !== undefined && right !== undefined && sameCanonical(left, right);
}

/** `sameAnswer` on answers already in canonical form. */
export function sameCanonical(a: Canonical, b: Canonical): boolean {
  if (a.kind === 'option' && b.kind === 'option') return a.key === b.key;
  if (a.kind === 'option') return a.content !== undefined && sameCanonical(a.content, b);
  if (b.kind === 'option') return sameCanonical(b, a);
  return a.key === b.key && unitsAgree(a.unit, b.unit);
}

/** Why a person should look at this comparison, or undefined. */
export function comparisonDoubt(gold: Canonical, given: Canonical): string | undefined {
  if (gold.kind === 'option' || given.kind === 'option') return optionDoubt(gold, given);
  if (gold.key === given.key) return unitDoubt(gold, given);
  const reading =
    gold.others.map(spell).find((key) => key === given.key) ??
    given.others.map(spell).find((key) => key === gold.key);
  if (reading !== undefined) return `both are ${reading} if a unit or a sign is read the other way`;
  const unread = [gold, given].find((one) => one.kind === 'text' && one.unread);
  if (unread && !neverEqual(gold, given)) return `${unread.key} could not be read as a number`;
  if (gold.kind === 'text' && given.kind === 'text' && oneHolds(gold, given)) {
    return 'one of the answers is a part of the other';
  }
  return undefined;
}

/** A whole number of times pi, or of a root that is none; a decimal number may be meant for it. */
function neverEqual(gold: CanonicalNumber | CanonicalText, given: CanonicalNumber | CanonicalText) {
  if (gold.kind !== 'number' || gold.value.denominator !== 1n) return false;
  const match = /^"[-+]?\d*(?:\\?pi|π|(?:\\sqrt|√)\{?(\d{1,15})\}?)"$/.exec(given.key);
  return match !== null && !(match[1] && Number.isInteger(Math.sqrt(Number(match[1]))));
}

function unitDoubt(gold: CanonicalNumber | CanonicalText, given: CanonicalNumber | CanonicalText) {
  if (gold.unit.length > 0 && given.unit.length > 0 && gold.unit.join() !== given.unit.join()) {
    return `same number, but the gold answer counts ${gold.unit.join(' ')} and this one ${given.unit.join(' ')}`;
  }
  if (gold.unit.includes('percent') !== given.unit.includes('percent')) {
    return 'one is a percentage, the other a bare number';
  }
  return gold.kind === 'text' && gold.unit.join() !== given.unit.join()
    ? 'one says whether before or after noon, the other does not'
    : undefined;
}

function optionDoubt(gold: Canonical, given: Canonical): string | undefined {
  const [a, b] = [gold, given].map((one) => (one.kind === 'option' ? one.content : one));
  if (gold.kind === 'option' && given.kind === 'option') {
    return a && b && sameCanonical(a, b) !== (gold.key === given.key)
      ? 'the letter says one thing, what stands beside it another'
      : undefined;
  }
  if (a && b) return comparisonDoubt(a, b);
  return 'one is the letter of an option, the other is not';
}

function oneHolds(a: CanonicalText, b: CanonicalText): boolean {
  const [longer, shorter] = [a, b]
    .map(
      ({ key }) =>
        ` ${key
          .slice(1, -1)
          .replace(/[^\p{L}\p{N}]+/gu, ' ')
          .trim()} `,
    )
    .sort((x, y) => y.length - x.length) as [string, string];
  return longer.includes(shorter);
}

function unitsAgree(a: readonly string[], b: readonly string[]): boolean {
  return a.every((word) => b.includes(word)) || b.every((word) => a.includes(word));
}

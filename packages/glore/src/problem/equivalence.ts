/** When are two answers the same? Numbers by exact value, everything else by normalised text; never by rounding. */
import { plain } from './plain.js';
import { readQuantity } from './quantity.js';
import { type Rational, spell } from './rational.js';
import { unitLength, unitWords } from './unit.js';

/** An answer in the form that is compared. */
export type Canonical =
  | {
      readonly kind: 'number';
      /** The exact value, "72" or "1/2", without the unit: equal values have equal keys. */
      readonly key: string;
      readonly value: Rational;
      /** Words of the stated unit, singular and lower-case; empty if none is stated. */
      readonly unit: readonly string[];
      /** The value under the other common convention: 50% as 1/2, 3 dozen as 3, $0.49 as 49 cents. */
      readonly otherReading?: Rational;
    }
  | {
      readonly kind: 'text';
      /** The normalised text in quotes, so that no text has the key of a number. */
      readonly key: string;
    };

/**
 * The form of `answer` that is compared, or undefined if it is empty.
 *
 * "$1,000.00", "1000 dollars" and "1.0 thousand" have the key "1000", and "50%" has "50". What can be read in more than
 * one way ("1,5", "3:30", "5 or 6", "5x") is text, so it only equals itself.
 */
export function canonical(answer: string): Canonical | undefined {
  const text = plain(answer).replace(/[\s.]+$/, '');
  if (text === '') return undefined;
  const read = readQuantity(text);
  if (read) {
    const rest = text.slice(read.end);
    if (unitLength(rest) === rest.length) {
      const unit = [...new Set([...read.unit, ...unitWords(rest)])];
      return {
        kind: 'number',
        key: spell(read.value),
        value: read.value,
        unit,
        ...(read.otherReading && { otherReading: read.otherReading }),
      };
    }
  }
  return { kind: 'text', key: `"${text.toLowerCase()}"` };
}

/**
 * Whether two answers are the same. A number without a unit equals that number with any unit, but two units that are
 * both stated must agree: "72" = "72 clips", "72 paper clips" = "72 clips", "5 hours" != "5 minutes", "50%" != "0.5".
 */
export function sameAnswer(a: string, b: string): boolean {
  const [left, right] = [canonical(a), canonical(b)];
  return left !== undefined && right !== undefined && sameCanonical(left, right);
}

/** `sameAnswer` on answers already in canonical form. */
export function sameCanonical(a: Canonical, b: Canonical): boolean {
  if (a.key !== b.key) return false;
  return a.kind === 'text' || b.kind === 'text' || unitsAgree(a.unit, b.unit);
}

/** Why a person should look at this comparison, or undefined: the number is right or wrong depending on its unit. */
export function comparisonDoubt(gold: Canonical, given: Canonical): string | undefined {
  if (gold.kind === 'text' || given.kind === 'text') return undefined;
  if (gold.key === given.key) {
    const stated = gold.unit.length > 0 && given.unit.length > 0;
    if (stated && gold.unit.join() !== given.unit.join()) {
      return `same number, but the gold answer counts ${gold.unit.join(' ')} and this one ${given.unit.join(' ')}`;
    }
    if (gold.unit.includes('percent') !== given.unit.includes('percent')) {
      return 'one is a percentage, the other a bare number';
    }
    return undefined;
  }
  const readings = [
    { reading: gold.otherReading, key: given.key },
    { reading: given.otherReading, key: gold.key },
  ];
  const match = readings.find(({ reading, key }) => reading && spell(reading) === key);
  return match && `both are ${match.key} if a unit is read the other way`;
}

function unitsAgree(a: readonly string[], b: readonly string[]): boolean {
  return a.every((word) => b.includes(word)) || b.every((word) => a.includes(word));
}

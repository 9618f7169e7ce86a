/** Exact fractions of big integers: answers are compared without any rounding. */

/** A fraction in lowest terms with a positive denominator, so equal numbers have equal parts. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** `numerator / denominator` in lowest terms; undefined if the denominator is 0. */
export function rational(numerator: bigint, denominator = 1n): Rational | undefined {
  if (denominator === 0n) return undefined;
  const divisor = greatestCommonDivisor(numerator, denominator) * (denominator < 0n ? -1n : 1n);
  return { numerator: numerator / divisor, denominator: denominator / divisor };
}

export function divide(a: Rational, b: Rational): Rational | undefined {
  return rational(a.numerator * b.denominator, a.denominator * b.numerator);
}

export function add(a: Rational, b: Rational): Rational {
  return rational(
    a.numerator * b.denominator + b.numerator * a.denominator,
    a.denominator * b.denominator,
  )!;
}

/** `value * by`, where `by` is a whole number. */
export function scale(value: Rational, by: bigint): Rational {
  return rational(value.numerator * by, value.denominator)!;
}

/** `value` to the power of a whole number; undefined for 0 to a negative one. */
export function power(value: Rational, exponent: number): Rational | undefined {
  const by = BigInt(Math.abs(exponent));
  const [top, bottom] = [value.numerator ** by, value.denominator ** by];
  return exponent < 0 ? rational(bottom, top) : rational(top, bottom);
}

/** The shortest exact spelling: "72", "-7", "1/2". */
export function spell({ numerator, denominator }: Rational): string {
  return denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`;
}

/** `digits` such as "1,080.50", times ten to the power `exponent`. */
export function fromDecimal(digits: string, exponent = 0): Rational {
  const [whole, fraction = ''] = digits.replaceAll(',', '').split('.');
  const shift = exponent - fraction.length;
  const mantissa = BigInt(whole + fraction);
  const power = 10n ** BigInt(Math.abs(shift));
  return shift < 0 ? rational(mantissa, power)! : { numerator: mantissa * power, denominator: 1n };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  let [larger, smaller] = [a < 0n ? -a : a, b < 0n ? -b : b];
  while (smaller > 0n) [larger, smaller] = [smaller, larger % smaller];
  return larger;
}

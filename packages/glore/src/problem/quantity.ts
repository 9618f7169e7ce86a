/** Reads numbers as people and models write them: signs, currency, thousands, fractions, scales, percent. */
import { add, divide, fromDecimal, type Rational, rational, scale } from './rational.js';

/** A number at the start of a text. */
export interface Quantity {
  readonly value: Rational;
  /** What the number's own signs say of its unit: "dollar" for $, "percent" for %. */
  readonly unit: readonly string[];
  /** The value under the other common convention: 50% as 1/2, 3 dozen as 3, $0.49 as 49 cents. */
  readonly otherReading?: Rational;
  /** Characters read. */
  readonly end: number;
}

// 1,000 is grouped; 1,5 and 0,500 and 12,34,567 are not numbers here, for they mean different things to different people.
const decimal = String.raw`(?:(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)`;
const currency = String.raw`(?:(?<currency>US\$|[$€£¥₹]|USD|EUR|GBP)\s*(?<inner>-\s*)?)?`;
const power = String.raw`(?:[eE](?<exponent>[-+]?\d{1,3})|\s*[x×*·]\s*10\s*\^\s*\{?(?<power>-?\d{1,3})\}?)?`;
const number = [
  String.raw`(?:(?<whole>\d+)\s+)?(?<numerator>${decimal})\s*/\s*(?<denominator>${decimal})`,
  `(?<decimal>${decimal})${power}`,
].join('|');
// Neither a longer number (1.2.3), nor a time (3:30), a date (1/2/24) or a power (5^2).
const end = String.raw`(?![.,:]?\d|\s*/\s*[\d.]|\s*\^)`;
const quantity = `${currency}(?:${number})${end}`;

const atStart = new RegExp(String.raw`^(?<sign>[-+]\s*)?${quantity}`, 'u');
// In running text a minus after a number is a subtraction, and digits inside a word or a clock time are no number.
const anywhere = new RegExp(
  String.raw`(?<sign>(?<![\d)\]%]\s*|[\p{L}_])-)?(?<![\p{L}\d_.,:^])${quantity}(?!(?:st|nd|rd|th)\b)`,
  'gu',
);

const currencyUnit: Record<string, string> = {
  US$: 'dollar',
  $: 'dollar',
  USD: 'dollar',
  '€': 'euro',
  EUR: 'euro',
  '£': 'pound',
  GBP: 'pound',
  '¥': 'yen',
  '₹': 'rupee',
};
const scales: Record<string, bigint> = {
  dozen: 12n,
  hundred: 100n,
  thousand: 1_000n,
  k: 1_000n,
  million: 1_000_000n,
  m: 1_000_000n,
  billion: 1_000_000_000n,
  b: 1_000_000_000n,
  trillion: 1_000_000_000_000n,
};
const scaleWord = /^\s*-?(dozen|hundred|thousand|million|billion|trillion)s?\b/i;
const scaleLetter = /^[kKMB]\b/;
const moneyScaleLetter = /^[kKMmBb]n?\b/;

// No answer needs more; it bounds the work on a model that repeats one digit for ever.
const longestNumber = 400;

/** The number that `text` starts with, or undefined. */
export function readQuantity(text: string): Quantity | undefined {
  const match = atStart.exec(text);
  return match ? interpret(match, text) : undefined;
}

/** The last number in running text, as written: "... costs $1,000 in 2 years" -> "2". */
export function lastNumber(text: string): string | undefined {
  let found: string | undefined;
  for (const match of text.matchAll(anywhere)) {
    const tail = text.slice(match.index);
    const read = readQuantity(tail);
    if (read) found = tail.slice(0, read.end);
  }
  return found;
}

function interpret(match: RegExpExecArray, text: string): Quantity | undefined {
  const groups = match.groups!;
  if (match[0].length > longestNumber || (groups.sign && groups.inner)) return undefined;
  const magnitude = readMagnitude(groups);
  if (!magnitude) return undefined;
  const negative = groups.sign?.startsWith('-') || groups.inner;
  const written = negative ? scale(magnitude, -1n) : magnitude;

  const unit = groups.currency ? [currencyUnit[groups.currency]!] : [];
  let value = written;
  let at = match[0].length;
  for (;;) {
    const rest = text.slice(at);
    const found = scaleWord.exec(rest) ?? (unit.length ? moneyScaleLetter : scaleLetter).exec(rest);
    if (!found) break;
    value = scale(value, scales[(found[1] ?? found[0].charAt(0)).toLowerCase()]!);
    at += found[0].length;
  }
  const scaled = value !== written;

  const sign = /^\s*(%|percent\b|per cent\b|[$€£¥₹])/i.exec(text.slice(at));
  if (sign) {
    unit.push(currencyUnit[sign[1]!] ?? 'percent');
    at += sign[0].length;
  }
  const hundredth = unit.includes('percent') || /^\s*(?:cents?\b|¢)/i.test(text.slice(at));
  const coins = unit.some((word) => word !== 'percent') && value.denominator !== 1n;
  if (scaled) return { value, unit, otherReading: written, end: at };
  if (hundredth) return { value, unit, otherReading: divide(value, rational(100n)!)!, end: at };
  if (coins) return { value, unit, otherReading: scale(value, 100n), end: at };
  return { value, unit, end: at };
}

function readMagnitude(groups: Record<string, string | undefined>): Rational | undefined {
  if (groups.decimal) {
    return fromDecimal(groups.decimal, Number(groups.exponent ?? groups.power ?? 0));
  }
  const part = divide(fromDecimal(groups.numerator!), fromDecimal(groups.denominator!));
  return part && groups.whole ? add(fromDecimal(groups.whole), part) : part;
}

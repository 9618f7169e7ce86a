/**
 * Reads numbers as people and models write them: signs and their words, currency, thousands, decimal commas, fractions,
 * powers, scales, percent, and whole numbers in words. The text is short and plain: whoever calls sees to both.
 */
import { add, divide, fromDecimal, power, type Rational, rational, scale } from './rational.js';
import { numberWords, readWords, scales } from './words.js';

/** A number at the start of a text. */
export interface Quantity {
  readonly value: Rational;
  /** What the number's own signs say of its unit: "dollar" for $, "percent" for %. */
  readonly unit: readonly string[];
  /** The values under other common conventions: 50% as 1/2, 3 dozen as 3, $0.49 as 49 cents, 1.500 as 1500. */
  readonly others: readonly Rational[];
  /** Why the value may not be what the writer meant. */
  readonly doubt?: string;
  /** Characters read. */
  readonly end: number;
}

const simple = String.raw`(?:(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)`;
// A number that a later spelling would cut short is read by an earlier one.
const spellings = [
  // 1.234,50 and 1.234.567
  String.raw`(?<points>[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,}))`,
  // 1 234 567.50 and 1'234
  String.raw`(?<groups>[1-9]\d{0,2}(?:(?: \d{3})+|(?:'\d{3})+)(?:[.,]\d+)?)`,
  // 12,34,567, as in India
  String.raw`(?<lakhs>[1-9]\d?(?:,\d{2})+,\d{3}(?:\.\d+)?)`,
  // 2,74
  String.raw`(?<comma>\d+,(?:\d{1,2}|\d{4,})|(?:0|\d{4,}),\d{3})`,
  `(?<decimal>${simple})`,
].join('|');
const exponent = String.raw`(?:\{\s*-?\d{1,3}\s*\}|-?\d{1,3})`;
const powers = String.raw`[eE](?<scientific>[-+]?\d{1,3})|\s*[x×*·]\s*10\s*\^\s*(?<ofTen>${exponent})|\s*\^\s*(?<raised>${exponent})`;
const number = [
  String.raw`(?:(?<whole>\d+)\s+)?(?<numerator>${simple})\s*/\s*(?<denominator>${simple})`,
  `(?:${spellings})(?:${powers})?`,
].join('|');
const currency = String.raw`(?:[A-Z]{1,2}\$|(?!¢)\p{Sc}|(?:USD|EUR|GBP|JPY|INR|CNY|PHP|CHF|CAD|AUD|KRW|MXN|NGN|ZAR)\b|R[sS]\b\.?|Php\b)`;
// Neither a longer number (1.2.3), nor a time (3:30), a date (1/2/24), another power (5^n) or another base (204_5).
const end = String.raw`(?![.,:]?\d|\s*/\s*[\d.]|\s*\^|_[\w{\\]|\s:\s\d)`;
const quantity = String.raw`(?:(?<currency>${currency})\s*(?<inner>-\s*)?)?(?:${number})${end}`;
const sign = String.raw`(?:[-+]|(?:[Nn]egative|[Mm]inus|[Pp]lus)\s)\s*`;

const atStart = new RegExp(`^(?<sign>${sign})?${quantity}`, 'u');
const wordsAtStart = new RegExp(String.raw`^(${sign})?(?=(?:an?\s|(?:${numberWords})\b))`, 'i');
// In running text a minus after a number is a subtraction, and digits inside a word or a clock time are no number.
const anywhere = new RegExp(
  String.raw`(?:(?<![\d)\]%]\s*|[\p{L}_])-\s*|(?<![\d)\]%]\s*)\b(?:[Nn]egative|[Mm]inus)\s+)?` +
    String.raw`(?<![\p{L}\d_.,:^])(?:${currency}\s*)?\.?\d`,
  'gu',
);

const currencyUnit: Record<string, string> = {
  $: 'dollar',
  USD: 'dollar',
  '€': 'euro',
  EUR: 'euro',
  '£': 'pound',
  GBP: 'pound',
  '¥': 'yen',
  JPY: 'yen',
  '₹': 'rupee',
  INR: 'rupee',
  RS: 'rupee',
  '₱': 'peso',
  PHP: 'peso',
  '₩': 'won',
  KRW: 'won',
};
const scaleWord = /^\s*-?(dozen|hundred|thousand|lakh|million|crore|billion|trillion)s?\b/i;
const scaleLetter = /^[kKMB]\b/;
// $5m, $5 MM
const moneyScaleLetter = /^\s?(?:[kmb]n?|mm)\b/i;
const letterScales: Record<string, bigint> = { k: 1_000n, m: 1_000_000n, b: 1_000_000_000n };
const percent = /^\s*(?:%|(?:percent|per[ -]cent|pct)\b\.?|percentage points?\b)/i;

// No answer needs more; it bounds the work on a model that repeats one digit for ever.
const longestNumber = 400;

/** The number that `text` starts with, or undefined. */
export function readQuantity(text: string): Quantity | undefined {
  const match = atStart.exec(text);
  if (match) return match[0].length > longestNumber ? undefined : fromDigits(match, text);
  return text.startsWith('(') ? inBrackets(text) : fromWords(text);
}

/** The last number in running text, in digits: "... costs $1,000 in 2 years" -> "2". */
export function lastNumber(
  text: string,
): { readonly at: number; readonly read: Quantity } | undefined {
  let found: { at: number; read: Quantity } | undefined;
  anywhere.lastIndex = 0;
  for (let match = anywhere.exec(text); match; match = anywhere.exec(text)) {
    const { index } = match;
    const read = readQuantity(text.slice(index));
    if (!read) continue;
    anywhere.lastIndex = index + read.end;
    const ordinal = /^(?:st|nd|rd|th)\b/i.test(text.slice(index + read.end));
    if (!ordinal) found = { at: index, read };
  }
  return found;
}

function fromDigits(match: RegExpExecArray, text: string): Quantity | undefined {
  const groups = match.groups!;
  if (groups.sign && groups.inner) return undefined;
  const magnitude = readMagnitude(groups);
  if (!magnitude) return undefined;
  const negative = isNegative(groups.sign) || groups.inner !== undefined;
  // Is -5^2 the square of -5?
  if (negative && groups.raised) return undefined;
  const value = negative ? scale(magnitude, -1n) : magnitude;
  const unit = groups.currency ? [currencyOf(groups.currency)] : [];
  const read = withUnit(text, match[0].length, value, unit);
  if (groups.comma) return { ...read, ...commaDoubt(groups.comma, read, text) };
  if (read.others.length > 0 || !/^[1-9]\d{0,2}[,.]\d{3}$/.test(groups.decimal ?? '')) return read;
  // To half of the world 1,234 is 1.234, and 1.500 is 1500.
  const other = groups.decimal!.includes(',') ? thousandth(value) : scale(value, 1_000n);
  return { ...read, others: [other] };
}

function fromWords(text: string): Quantity | undefined {
  const signed = wordsAtStart.exec(text);
  const words = signed && readWords(text.slice(signed[0].length));
  if (!words) return undefined;
  const value = isNegative(signed[1]) ? scale(words.value, -1n) : words.value;
  const read = withUnit(text, signed[0].length + words.end, value, []);
  return words.doubt ? { ...read, doubt: words.doubt } : read;
}

/** "(-5)" is a number; "(5)" is one too, but in accounts it is what is lost. */
function inBrackets(text: string): Quantity | undefined {
  const inner = /^\(([^()]{1,60})\)/.exec(text);
  const read = inner && readQuantity(inner[1]!);
  if (!read || read.end !== inner[1]!.length) return undefined;
  const whole = { ...read, end: inner[0].length };
  if (/^\s*[-+]/.test(inner[1]!)) return whole;
  const negated = scale(read.value, -1n);
  const lost = /\b(?:loss|deficit|debt|short|owe[sd]?|overdrawn|negative|below)\b/i;
  const [value, other] = lost.test(text.slice(whole.end))
    ? [negated, read.value]
    : [read.value, negated];
  return { ...whole, value, others: [other], doubt: 'in brackets a number may be a loss' };
}

/** The number with the scale and the signs of a unit that follow its digits or words, which end at `end`. */
function withUnit(
  text: string,
  end: number,
  written: Rational,
  prefix: readonly string[],
): Quantity {
  const unit = [...prefix];
  let [value, at] = [written, end];
  for (;;) {
    const rest = text.slice(at);
    const word = scaleWord.exec(rest);
    const found = word ?? (unit.length ? moneyScaleLetter : scaleLetter).exec(rest);
    if (!found) break;
    const by = word
      ? scales[word[1]!.toLowerCase()]
      : letterScales[found[0].trim().charAt(0).toLowerCase()];
    value = scale(value, by!);
    at += found[0].length;
  }
  const sign = percent.exec(text.slice(at)) ?? /^\s*(?!¢)\p{Sc}/u.exec(text.slice(at));
  if (sign) {
    const coin = /\p{Sc}/u.exec(sign[0]);
    unit.push(coin ? currencyOf(coin[0]) : 'percent');
    at += sign[0].length;
  }
  const hundredth = unit.includes('percent') || /^\s*(?:cents?\b|¢)/i.test(text.slice(at));
  const coins = unit.some((word) => word !== 'percent') && value.denominator !== 1n;
  const others = [
    ...(value === written ? [] : [written]),
    ...(hundredth ? [divide(value, rational(100n)!)!] : coins ? [scale(value, 100n)] : []),
  ];
  return { value, unit, others, end: at };
}

function readMagnitude(groups: Record<string, string | undefined>): Rational | undefined {
  const { whole, numerator, denominator } = groups;
  if (numerator !== undefined) {
    const [above, below] = [fromDecimal(numerator), fromDecimal(denominator!)];
    const part = divide(above, below);
    if (!part || whole === undefined) return part;
    // 12 500/3 is no mixed number, and what it is nobody knows.
    return part.numerator < part.denominator ? add(fromDecimal(whole), part) : undefined;
  }
  const digits = inAmerican(groups);
  if (groups.raised === undefined) {
    return fromDecimal(digits, exponentOf(groups.scientific ?? groups.ofTen ?? '0'));
  }
  const by = exponentOf(groups.raised);
  return digits.length * Math.abs(by) > longestNumber ? undefined : power(fromDecimal(digits), by);
}

/** The digits with a decimal point, commas apart. */
function inAmerican({
  points,
  groups,
  lakhs,
  comma,
  decimal,
}: Record<string, string | undefined>): string {
  if (points) return points.replaceAll('.', '').replace(',', '.');
  if (groups) return groups.replace(/[ ']/g, '').replace(',', '.');
  return comma?.replace(',', '.') ?? lakhs ?? decimal!;
}

const exponentOf = (text: string): number => Number(text.replace(/[{}\s]/g, ''));

/** Why a comma may not be a decimal one; nothing where it can mean nothing else: 1000,99 and 0,5 and 2,74 $. */
function commaDoubt(digits: string, { unit, end }: Quantity, text: string): { doubt?: string } {
  const [whole, decimals] = digits.split(',') as [string, string];
  const withUnit = unit.length > 0 || /^\s?\p{L}/u.test(text.slice(end));
  const nothingElse = whole === '0' || (decimals.length <= 2 && (whole.length > 3 || withUnit));
  return nothingElse ? {} : { doubt: `the comma of ${digits} may part two numbers` };
}

const thousandth = (value: Rational): Rational => divide(value, rational(1_000n)!)!;

const isNegative = (sign: string | undefined): boolean => /^(?:-|negative|minus)/i.test(sign ?? '');

function currencyOf(sign: string): string {
  const code = sign
    .replace(/^[A-Z]{1,2}\$/, '$')
    .replace('.', '')
    .toUpperCase();
  return currencyUnit[code] ?? code.toLowerCase();
}

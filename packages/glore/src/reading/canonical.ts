/** An answer in the form that is compared: a number, an option of several, or text. */
import { plain } from './plain.js';
import { type Quantity, readQuantity } from './quantity.js';
import { divide, fromDecimal, type Rational, spell } from './rational.js';
import { readUnit } from './unit.js';
import { numberWords } from './words.js';

export type Canonical = CanonicalNumber | CanonicalOption | CanonicalText;

export interface CanonicalNumber {
  readonly kind: 'number';
  /** The exact value, "72" or "1/2", without the unit: equal values have equal keys. */
  readonly key: string;
  readonly value: Rational;
  /** Words of the stated unit, singular and lower-case; empty if none is stated. */
  readonly unit: readonly string[];
  /** The values under other common conventions: 50% as 1/2, 3 dozen as 3, $0.49 as 49 cents. */
  readonly others: readonly Rational[];
  /** Why the value may not be what the writer meant. */
  readonly doubt?: string;
}

/** "B", "(B)", "B: a polygon". */
export interface CanonicalOption {
  readonly kind: 'option';
  /** The letter. */
  readonly key: string;
  readonly content?: Canonical;
}

export interface CanonicalText {
  readonly kind: 'text';
  /** The normalised text in quotes, so that no text has the key of a number. */
  readonly key: string;
  /** "am" or "pm" after a time. */
  readonly unit: readonly string[];
  /** What a time or a ratio is as a number: 3:2 is 3/2, and 5:00 is 5. */
  readonly others: readonly Rational[];
  /** There are numbers or mathematics in it that were not understood, so that it may be equal to a number. */
  readonly unread: boolean;
}

/** No answer is longer; it bounds the work on a model that never stops. */
export const longestAnswer = 500;

/**
 * The form of `answer` that is compared, or undefined if there is nothing in it but punctuation.
 *
 * "$1,000.00", "1000 dollars" and "1.0 thousand" have the key "1000", and "50%" has "50". What can be read in more than
 * one way ("5 or 6", "5x", "3:30") is text, so it only equals itself.
 */
export function canonical(answer: string): Canonical | undefined {
  return answer.length <= longestAnswer ? canonicalOf(plain(answer)) : textOf(answer);
}

/** `canonical` of an answer that is plain and short. */
export function canonicalOf(answer: string): Canonical | undefined {
  const text = withoutStops(answer);
  if (text === '') return undefined;
  const found =
    optionOf(text) ?? timeOf(text) ?? numberOf(text.replace(/^\p{L}\s*=\s*(?=[^=]+$)/u, ''));
  if (found?.kind !== 'number' || !/(?:\.{2,})$/.test(answer)) return found ?? textOf(text);
  return { ...found, doubt: found.doubt ?? 'its digits go on' };
}

/** The number that `text` is, with its unit and nothing else. */
function numberOf(text: string): CanonicalNumber | undefined {
  const read = readQuantity(text);
  const unit = read && readUnit(text.slice(read.end));
  if (
    !read ||
    !unit ||
    !/^[\s)]*(?:\(?in (?:total|all)\)?)?$/.test(text.slice(read.end + unit.end))
  )
    return undefined;
  return withUnit(read, unit.words);
}

/** A number that was read, and the words of its unit. */
export function withUnit(
  { value, unit, others, doubt }: Quantity,
  words: readonly string[],
): CanonicalNumber {
  return {
    kind: 'number',
    key: spell(value),
    value,
    unit: [...new Set([...unit, ...words])],
    others,
    ...(doubt && { doubt }),
  };
}

function optionOf(text: string): CanonicalOption | undefined {
  const match = /^(?:option |choice )?(?:\(([A-J])\)|([A-J])(?:[).:](?=\s)|$))\s*(.*)$/i.exec(text);
  if (!match) return undefined;
  const content = canonicalOf(match[3]!);
  return {
    kind: 'option',
    key: (match[1] ?? match[2]!).toUpperCase(),
    ...(content && { content }),
  };
}

/** A value that a text starts with, and where it ends. */
interface Start<F extends Canonical> {
  readonly form: F;
  readonly end: number;
}

/** The letter of an option that `text` starts with, and what stands beside it after a colon or a bracket. */
export function optionStart(text: string): Start<CanonicalOption> | undefined {
  const match =
    /^(?:[Oo]ption |[Cc]hoice )?(?:\([A-Ja-j]\)|[A-J](?=$|[).:,]| (?:because|since|as|which)\b))(?:[).:](?: .*)?$)?/.exec(
      text,
    );
  const form = match && optionOf(withoutStops(match[0]));
  return form ? { form, end: match[0].length } : undefined;
}

/** The time or the ratio that `text` starts with. */
export function timeStart(text: string): Start<CanonicalText | CanonicalNumber> | undefined {
  const match =
    /^(\d{1,15}(?:\.\d{1,15})?)\s*:\s*(\d{1,15}(?:\.\d{1,15})?)(\s*:\s*\d{1,15})?(?:\s*([ap])\.?m\b\.?)?(?![.,:]?\d|\s*[/^_])/i.exec(
      text,
    );
  if (!match) return undefined;
  const [whole, first, second, third, half] = match as unknown as [
    string,
    string,
    string,
    string?,
    string?,
  ];
  const afternoon = !half && /^(?:1[3-9]|2[0-3])$/.test(first) && /^[0-5]\d$/.test(second);
  const unit = half ? [`${half.toLowerCase()}m`] : afternoon ? ['pm'] : [];
  const written = fromDecimal(first);
  // 15:30 is 3:30 PM.
  const value = afternoon ? fromDecimal(`${Number(first) - 12}`) : written;
  const onTheHour = second === '00' && !third;
  // 5:00 PM is 5 PM.
  if (onTheHour && unit.length > 0) {
    const others = afternoon ? [written] : [];
    return { form: { kind: 'number', key: spell(value), value, unit, others }, end: whole.length };
  }
  const ratio = third ? undefined : divide(written, fromDecimal(second));
  const form: CanonicalText = {
    kind: 'text',
    key: `"${spell(value)}:${second}${(third ?? '').replace(/\s/g, '')}"`,
    unit,
    others: [...(ratio ? [ratio] : []), ...(onTheHour ? [value] : [])],
    unread: false,
  };
  return { form, end: whole.length };
}

function timeOf(text: string): CanonicalText | CanonicalNumber | undefined {
  const found = timeStart(text);
  return found?.end === text.length ? found.form : undefined;
}

// Numbers in letters too: ④, Ⅳ, IV, 十八.
const puzzling = new RegExp(
  String.raw`[\d\\^√π∞<>≤≥±=\p{Nl}\p{No}]|\b(?:${numberWords})\b|^[ivxlcdm]{1,15}$|^[〇零一二三四五六七八九十百千万萬亿億两]`,
  'iu',
);
/** What any answer has one of: a comma, a dollar or a tilde alone says nothing, "<" and "∞" do. */
const meaning = /[\p{L}\p{N}\p{So}]|(?!~)\p{Sm}/u;

function textOf(answer: string): CanonicalText | undefined {
  const words = withoutStops(answer.replace(/\s+/g, ' ').trim().toLowerCase()).replace(
    /^(?:an?|the) (?=.)/,
    '',
  );
  if (!meaning.test(words)) return undefined;
  const key = words.includes('\\') ? words.replaceAll(' ', '') : words;
  return { kind: 'text', key: `"${key}"`, unit: [], others: [], unread: puzzling.test(words) };
}

/** The text without the full stops and spaces at its end. */
export function withoutStops(text: string): string {
  let end = text.length;
  while (end > 0 && /[\s.]/.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}

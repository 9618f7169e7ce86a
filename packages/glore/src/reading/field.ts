/** Reads the short text in which an answer stands: "$18 because ..", "48 + 24 = 72 clips", "3:30", "B: a polygon". */
import {
  type Canonical,
  canonicalOf,
  longestAnswer,
  optionStart,
  timeStart,
  withoutStops,
  withUnit,
} from './canonical.js';
import { plain } from './plain.js';
import { lastNumber, type Quantity, readQuantity } from './quantity.js';
import { spell } from './rational.js';
import { readUnit } from './unit.js';
import { numberWords } from './words.js';

/** An answer as it was found. */
export interface Found {
  /** Without markup, with its unit: "72 clips", "$1,000.00". */
  readonly value: string;
  /** What `canonical` makes of it. */
  readonly form: Canonical;
  /** Why it may not be what the writer meant. */
  readonly doubt?: string;
}

const plainOf = (field: string): string => plain(field.slice(0, longestAnswer));

/** The first sentence of a field as text, or the option or number that it starts with. */
export function readText(field: string): Found | undefined {
  const { text } = firstSentence(plainOf(field));
  const read = start(text);
  return typeof read === 'object' ? read : asText(text);
}

/**
 * The number that the first sentence of a field gives: the sentence starts with it, or it is a side of an equation. What starts
 * like a number and is another thing ("5x", "5 or 6", "6 < x") is given as the text that it is, and so are times and options.
 */
export function readNumber(field: string): Found | undefined {
  const { text, end } = firstSentence(
    plainOf(field).replace(/^[\s#:•→]*(?:exactly |just |only |simply )?/i, ''),
  );
  const found = valueAt(text);
  if (!found) return undefined;
  if (end.includes('?')) return doubted(found, 'it is asked, not said');
  if (!/\d$/.test(text)) return found;
  if (end.startsWith('..')) return doubted(found, 'its digits go on');
  return end.startsWith('!') && /^\d{1,3}$/.test(found.value)
    ? doubted(found, 'it may be a factorial')
    : found;
}

/** All of a line, where that is no longer than an answer. */
export const readLine = (line: string): Found | undefined =>
  line.length <= longestAnswer ? asText(plain(line)) : undefined;

/** As `readNumber`, of a field that holds nothing but the answer: "5!" is no five that is shouted. */
export function readAlone(field: string): Found | undefined {
  const text = plainOf(field);
  return (/\d\s?!/.test(text) ? undefined : valueAt(text)) ?? asText(text);
}

/** The last number of a line of running text, in digits or else in words; its unit is nobody's guess. */
export function readLast(line: string, inWords: boolean): Found | undefined {
  const text = plain(line);
  if (inWords) return lastWords(text);
  const last = lastNumber(text);
  if (!last) return undefined;
  const { at, read } = last;
  const end = at + read.end;
  const before = /(?:[<>≤≥≠±]|\\[a-z]{2,5})\s?$/.exec(text.slice(0, at))?.[0] ?? '';
  const after = changesNumber.exec(text.slice(end))?.[0] ?? '';
  if (before || (after && (/[^\s\p{L}]/u.test(after) || !readUnit(text.slice(end)))))
    return asText(before + text.slice(at, end) + after);
  return {
    value: text.slice(at, end),
    form: withUnit(read, []),
    ...(read.doubt && { doubt: read.doubt }),
  };
}

/** What cannot follow a number without making another thing of it. */
const changesNumber = /^\s?(?:\\[a-z]+|[π√<>≤≥≠±^_]|\p{L}(?!\p{L})|!(?=\S))/u;

function lastWords(text: string): Found | undefined {
  const word = new RegExp(String.raw`\b(?:(?:minus|negative) )?(?:${numberWords})\b`, 'gi');
  let found: Found | undefined;
  for (let match = word.exec(text); match; match = word.exec(text)) {
    const read = readQuantity(text.slice(match.index));
    // Of "one" and "another" nobody counts.
    if (!read || /^one$/i.test(text.slice(match.index, match.index + read.end))) continue;
    word.lastIndex = match.index + read.end;
    found = { value: text.slice(match.index, word.lastIndex), form: withUnit(read, []) };
  }
  return found;
}

function asText(text: string): Found | undefined {
  const form = canonicalOf(text);
  if (!form) return undefined;
  const doubt = form.kind === 'number' ? form.doubt : undefined;
  return { value: withoutStops(text), form, ...(doubt && { doubt }) };
}

const doubted = (found: Found, doubt: string): Found => ({ ...found, doubt: found.doubt ?? doubt });

/** The value of a sentence, as `readNumber` says. */
function valueAt(text: string): Found | undefined {
  const read = start(text);
  if (typeof read === 'object') return read;
  const sides = text.split(/(?<![!<>])[=≈]/);
  if (sides.length > 1) {
    // "48 + 24 = 72" and, where the right-hand side is an expression, "72 = 48 + 24".
    for (const side of [...sides.slice(1).reverse(), sides[0]!]) {
      const found = start(side.trim());
      if (typeof found !== 'object') continue;
      if (sides.slice(0, -1).some((side) => /\b(?:or|and)\b|,(?!\d)/.test(side)))
        return asText(text);
      const others = sides.filter((other) => other !== side);
      const doubt = equationDoubt(text, others);
      return doubt ? doubted(found, doubt) : found;
    }
  }
  return read === 'changed' || likeValue.test(text) ? asText(text) : undefined;
}

/** What is no number of digits or words, but nobody would start a sentence with it: "\sqrt{2}", "x > 3", "\{1, 2\}". */
const likeValue =
  /^(?:(?:[-+±([{<>≤≥≠~≈!]|\\\{)\s*(?:=\s*)?)*(?:\p{Sc}\s*)?(?:\.?\d|\\[a-z]|[π√∞]|\p{L}\s*[<>≤≥=])/iu;

/** An unknown with a factor is worth another number than the one beside it. */
function equationDoubt(text: string, sides: readonly string[]): string | undefined {
  if (text.includes('≈')) return 'it is approximate';
  const open = sides.some((side) => /\d\s*\p{L}\b|\p{L}\s*[-+*/^]/u.test(side));
  return open ? `taken from "${text}"` : undefined;
}

/** What `text` starts with: a number, an option, a time; "changed" if it is a number that becomes something else. */
function start(text: string): Found | 'changed' | undefined {
  const other = optionStart(text) ?? timeStart(text);
  if (other)
    return endsValue(text.slice(other.end))
      ? { value: text.slice(0, other.end).trim(), form: other.form }
      : 'changed';
  const read = readQuantity(text);
  if (!read) return undefined;
  const told = toldAgain(text.slice(read.end), read);
  const unit = readUnit(text.slice(read.end + told));
  const end = read.end + told + (unit?.end ?? 0);
  const rest = text.slice(end);
  if (!unit || !endsValue(rest)) return 'changed';
  const form = withUnit(read, unit.words);
  const written = (text.slice(0, read.end) + text.slice(read.end + told, end)).replace(
    /[\s(]+$/,
    '',
  );
  // What is lost in "(5) dollars, a loss" is said after it.
  const value = text.startsWith('(') ? [spell(read.value), ...form.unit].join(' ') : written;
  const others = /\d/.test(rest) || numberListed.test(rest);
  const doubt = form.doubt ?? (others && !reason.test(rest) ? `taken from "${text}"` : undefined);
  return { value, form, ...(doubt && { doubt }) };
}

/** The length of the same number in brackets: "five (5) clips". */
function toldAgain(rest: string, { value }: Quantity): number {
  const [whole = '', inner = ''] = /^ ?\(([^()]{1,40})\)/.exec(rest) ?? [];
  const read = inner === '' ? undefined : readQuantity(inner);
  return read?.end === inner.length && spell(read.value) === spell(value) ? whole.length : 0;
}

/** "5, six": of "5, one for each" nobody counts. */
const numberListed = new RegExp(
  String.raw`^\s*[,;]\s*(?:(?:and|or) )?(?!one\b)(?:${numberWords})\b`,
  'i',
);

/** The numbers of a reason are not the answer's. */
const reason = /^,? (?:because|since)\b/;

/** Whether what follows a number and its unit leaves it the number that it is. */
function endsValue(rest: string): boolean {
  const text = rest.replace(/^(?:\s*[)\]}"'\p{So}])+/u, ' ');
  // "5, 6" and "5; 6" are several numbers.
  if (/^\s*[,;]\s*(?:(?:and|or) )?(?:[-+]\s*)?(?:\p{Sc}\s*)?\.?\d/u.test(text)) return false;
  return /^\s*(?:$|[.,;:?](?!\\)|!(?:\s|$)|-+ (?![\d(\\])|[—–])|^\s+(?:\(|\p{L})/u.test(text);
}

// The full stop of these ends no sentence.
const abbreviation = /\b(?:rs|approx|mrs?|ms|dr|no|sq|fl|cu)$/i;

const shortUnit = /\d\s?(?:ft|in|yd|lb|oz|pt|qt|gal|wk|yr|mo|hr?|min|sec|[ms])s?$/i;

/** `text` up to the first full stop, question or exclamation mark that ends a sentence, and that mark. */
function firstSentence(text: string): { text: string; end: string } {
  const stop = /[.!?]+(?=\s|$)/g;
  for (let match = stop.exec(text); match; match = stop.exec(text)) {
    const before = text.slice(0, match.index);
    if (match[0] === '.' && abbreviation.test(before) && stop.lastIndex < text.length) continue;
    // "5 ft. 6 in."
    if (match[0] === '.' && shortUnit.test(before) && /^\s+\d/.test(text.slice(stop.lastIndex)))
      continue;
    return { text: unwrapped(before.trimEnd()), end: match[0] };
  }
  return { text: unwrapped(text), end: '' };
}

/** A sentence whose full stop stands outside of its quotes has markup of its own. */
const unwrapped = (text: string): string => (/^["'“*_[(]/.test(text) ? plain(text) : text);

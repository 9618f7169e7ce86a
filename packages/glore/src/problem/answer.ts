/** Finds the final answer in what a model wrote. */
import { canonical } from './equivalence.js';
import { plain } from './plain.js';
import { lastNumber, readQuantity } from './quantity.js';
import { unitLength } from './unit.js';

/** Where an answer was found; "bare": the text is an answer and nothing else; "last-number" is a guess. */
export type How = 'marker' | 'boxed' | 'phrase' | 'bare' | 'last-number';

interface Found {
  /** The answer without markup, with its unit: "72 clips", "$1,000.00". */
  readonly value: string;
  /** Why the value may not be what the writer meant. */
  readonly doubt?: string;
}

export interface Extracted extends Found {
  readonly how: How;
}

// No answer is longer; it bounds the work on a model that never stops.
const longestAnswer = 500;
const longestLine = 2000;
const guessed = 'no number is marked as the answer, so the last one was taken';

/**
 * The final answer that `text` gives, or undefined if it gives none; text that cannot be read is a value, not an error.
 *
 * Looked for in this order, the last one of each kind: GSM8K's `#### 72`, `\boxed{72}`, "The answer is 72" or
 * "Answer: 72"; then a text that is an answer and nothing else; then, for numbers, the last number of the text.
 * With `kind` "number" a marked answer counts only if it is a number, so a Markdown heading `#### Step 2` is no answer.
 */
export function extractAnswer(
  text: string,
  kind: 'number' | 'text' = 'number',
): Extracted | undefined {
  const read = kind === 'number' ? readNumber : readText;
  const unannotated = text.replace(/<<[^<>\n]*>>/g, '');
  const marked = (Object.keys(fieldsOf) as (keyof typeof fieldsOf)[]).flatMap((how) =>
    fieldsOf[how](unannotated).flatMap((field) => {
      const found = read(plain(field.slice(0, longestAnswer)));
      return found ? [{ how, ...found }] : [];
    }),
  );
  const [trusted] = marked;
  if (trusted) {
    const chosen = marked.findLast(({ how }) => how === trusted.how)!;
    const doubt = conflict(chosen, marked) ?? chosen.doubt;
    return { value: chosen.value, how: chosen.how, ...(doubt && { doubt }) };
  }

  const bare = text.length <= longestAnswer ? canonical(text) : undefined;
  if (bare && (bare.kind === 'number' || kind === 'text'))
    return { value: plain(text), how: 'bare' };
  if (kind === 'text') return undefined;
  for (const line of unannotated.split('\n').reverse()) {
    const value = lastNumber(plain(line.slice(-longestLine)));
    if (value) return { value, how: 'last-number', doubt: guessed };
  }
  return undefined;
}

/** The final answer of a gold field: the marked one of a worked solution, or the whole field where nothing is marked. */
export function goldAnswer(field: string): string {
  const number = extractAnswer(field);
  if (number && number.how !== 'last-number') return number.value;
  return extractAnswer(field, 'text')?.value ?? '';
}

/** The texts in which each kind of mark announces an answer, in the order in which the kinds are trusted. */
const fieldsOf = {
  marker: (text: string) =>
    [...text.matchAll(/####([^#\n]*)/g)].map(([, field]) => firstSentence(field!)),
  boxed: boxes,
  phrase: phrases,
};

/** Contents of each closed \boxed{...}, in the order in which they close. */
function boxes(text: string): string[] {
  const contents: string[] = [];
  const open: { start: number; boxed: boolean }[] = [];
  for (const match of text.matchAll(/\\(?:boxed|fbox)\s*\{|\\[{}]|[{}]/g)) {
    const [brace] = match;
    if (brace === '\\{' || brace === '\\}') continue;
    if (brace === '}') {
      const group = open.pop();
      if (group?.boxed) contents.push(text.slice(group.start, match.index));
    } else {
      open.push({ start: match.index + brace.length, boxed: brace !== '{' });
    }
  }
  return contents;
}

function phrases(text: string): string[] {
  const plainer = text.replace(/\*\*|__/g, '');
  // Only the announcement is consumed, for "Answer: The answer is 72" holds two.
  const phrase = /\banswer(?:\s+to\s[^.\n:]{1,80}?)?\s*(?:\bis\b|[:=])\s*:?\s*(?=([^\n]{0,500}))/gi;
  return [...plainer.matchAll(phrase)].map(([, field]) => firstSentence(field!));
}

/** `text` up to the first full stop, question or exclamation mark that ends a word. */
function firstSentence(text: string): string {
  return text.trim().replace(/[.!?](?:\s.*)?$/, '');
}

function readText(field: string): Found | undefined {
  return canonical(field) && { value: field };
}

function readNumber(field: string): Found | undefined {
  // "48 + 24 = 72" and, where the right-hand side is an expression, "72 = 48 + 24".
  const [left = '', ...right] = field.split(/[=≈]/);
  for (const text of [field, ...right.reverse(), left]) {
    const found = startingNumber(text.replace(/^[\s#>:]+/, ''));
    if (found) return found;
  }
  return undefined;
}

/** The number and unit that `text` starts with, unless what follows makes it a part of something else. */
function startingNumber(text: string): Found | undefined {
  const read = readQuantity(text);
  const unit = read && unitLength(text.slice(read.end));
  if (!read || unit === undefined) return undefined;
  const value = text.slice(0, read.end + unit).replace(/[\s(]+$/, '');
  const rest = text.slice(read.end + unit);
  const isOperand = /^\w|^\s*(?:[+*/×÷·^=≈!]|-\s*[\d$(]|[.,:]\d)/.test(rest);
  if (isOperand || (unit === 0 && /^\s*\d/.test(rest))) return undefined;
  if (canonical(value)?.kind !== 'number') return undefined;
  return /\d/.test(rest) ? { value, doubt: `taken from "${text}"` } : { value };
}

function conflict(chosen: Found, all: readonly Found[]): string | undefined {
  const values = new Map(all.map(({ value }) => [canonical(value)?.key, value]));
  if (values.size <= 1) return undefined;
  return `several answers are marked (${[...values.values()].join(', ')}), and ${chosen.value} was taken`;
}

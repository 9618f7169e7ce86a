/** Numbers written as words: "twenty-one", "two and a half", "a dozen", "three hundred and five thousand", "two thirds". */
import { add, divide, type Rational, rational } from './rational.js';

export interface Words {
  readonly value: Rational;
  /** Characters read. */
  readonly end: number;
  readonly doubt?: string;
}

const ones = valuesOf(
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
  (i) => i,
);
const tens = valuesOf('twenty thirty forty fifty sixty seventy eighty ninety', (i) => 20 + 10 * i);
const parts = {
  ...valuesOf('half third fourth fifth sixth seventh eighth ninth tenth', (i) => 2 + i),
  halve: 2,
  quarter: 4,
  hundredth: 100,
};
/** The words that multiply what stands before them, be it in words or digits. */
export const scales: Readonly<Record<string, bigint>> = {
  dozen: 12n,
  hundred: 100n,
  thousand: 1_000n,
  lakh: 100_000n,
  million: 1_000_000n,
  crore: 10_000_000n,
  billion: 1_000_000_000n,
  trillion: 1_000_000_000_000n,
};

/** The words that a number can begin with, apart from "a" and "an". */
export const numberWords = [
  ...Object.keys(ones),
  ...Object.keys(tens),
  ...Object.keys(scales),
  'half',
].join('|');

/** No number has more words; it bounds the work. */
const mostWords = 24;

/** The number that `text` starts with, or undefined; bare "a" and "one of them" are none. */
export function readWords(text: string): Words | undefined {
  const found = wordsOf(text);
  const words = found.map(({ word }) => word);
  const article = words[0] === 'a' || words[0] === 'an';
  const read = article && !scaleOf(words[1] ?? '') ? fraction(words) : sum(words, article ? 1 : 0);
  if (!read || (read.words === 1 && words[0] === 'one' && pronoun.test(words[1] ?? ''))) {
    return undefined;
  }
  const { value, doubt } = read;
  return { value, end: found[read.words - 1]!.end, ...(doubt && { doubt }) };
}

const pronoun = /^(?:of|who|that|which|can|could|may|should|must|more|another|by)$/;

interface Read {
  /** How many words were read. */
  readonly words: number;
  readonly value: Rational;
  readonly doubt?: string;
}

/** "Half a dozen", or a whole number and what makes a fraction of it: "two thirds", "two and a half". */
function sum(words: readonly string[], from: number): Read | undefined {
  if (words[from] === 'half') {
    const at = from + (words[from + 1] === 'a' ? 2 : 1);
    const by = scaleOf(words[at] ?? '');
    return by
      ? { words: at + 1, value: rational(by, 2n)! }
      : { words: from + 1, value: rational(1n, 2n)! };
  }
  const whole = wholeNumber(words, from);
  if (!whole) return undefined;
  const next = words[whole.words] ?? '';
  const below = partOf(next);
  if (below && (next.endsWith('s') || whole.value.numerator === 1n)) {
    return {
      words: whole.words + 1,
      value: divide(whole.value, rational(below)!)!,
      ...(next === 'quarters' && { doubt: 'quarters may be fourths or coins' }),
    };
  }
  const part = next === 'and' ? fraction(words.slice(whole.words + 1)) : undefined;
  if (!part) return whole;
  // "A million and a half" is another number.
  if (whole.value.numerator >= 1_000n) return undefined;
  return { words: whole.words + 1 + part.words, value: add(whole.value, part.value) };
}

/** "A half", "one third", "two thirds". */
function fraction([count = '', part = '']: readonly string[]): Read | undefined {
  const above = count === 'a' || count === 'an' ? 1 : lookUp(ones, count);
  const below = partOf(part);
  if (!above || !below || part.endsWith('s') !== above > 1) return undefined;
  return { words: 2, value: rational(BigInt(above), below)! };
}

function wholeNumber(words: readonly string[], from: number): Read | undefined {
  let [total, current, end] = [0n, 0n, from];
  let last: 'nothing' | 'ones' | 'tens' | 'scale' = 'nothing';
  for (let i = from; i < words.length; i++) {
    const word = words[i]!;
    const [one, ten, by] = [lookUp(ones, word), lookUp(tens, word), scaleOf(word)];
    if (one !== undefined) {
      // "One two" and "twenty twelve" are no numbers.
      if (last === 'ones' || (last === 'tens' && (one === 0 || one > 9))) return undefined;
      current += BigInt(one);
      last = 'ones';
    } else if (ten !== undefined) {
      if (last === 'ones' || last === 'tens') return undefined;
      current += BigInt(ten);
      last = 'tens';
    } else if (by !== undefined) {
      // "Two hundred five thousand": a hundred counts within its thousands.
      if (by <= 100n) current = (current || 1n) * by;
      else [total, current] = [total + (current || 1n) * by, 0n];
      last = 'scale';
    } else if (word === 'and' && last === 'scale') continue;
    else break;
    end = i + 1;
  }
  return end > from ? { words: end, value: rational(total + current)! } : undefined;
}

/** The words that `text` starts with, joined by spaces and hyphens, and where each ends. */
function wordsOf(text: string): { word: string; end: number }[] {
  const found: { word: string; end: number }[] = [];
  const next = /(?:^|[ -]|, )([A-Za-z]{1,12})(?![\p{L}\p{N}])/uy;
  for (let match = next.exec(text); match && found.length < mostWords; match = next.exec(text)) {
    found.push({ word: match[1]!.toLowerCase(), end: next.lastIndex });
  }
  return found;
}

/** "Dozens" and "hundreds" are no numbers, "thirds" are parts. */
const scaleOf = (word: string): bigint | undefined => lookUp(scales, word);
const partOf = (word: string): bigint | undefined => {
  const part = lookUp(parts, word.replace(/s$/, ''));
  return part === undefined ? undefined : BigInt(part);
};

function valuesOf(words: string, value: (index: number) => number): Record<string, number> {
  return Object.fromEntries(words.split(' ').map((word, i) => [word, value(i)]));
}

function lookUp<T>(record: Readonly<Record<string, T>>, word: string): T | undefined {
  return Object.hasOwn(record, word) ? record[word] : undefined;
}

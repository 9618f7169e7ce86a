import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spell } from './rational.js';
import { readWords } from './words.js';

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = '- - twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** A number in words; `and` as it stands after hundreds, and `hyphen` as after tens. */
function inWords(n: number, and: string, hyphen: string): string {
  if (n < 20) return ones[n]!;
  if (n < 100) return tens[Math.floor(n / 10)]! + (n % 10 ? hyphen + ones[n % 10]! : '');
  for (const [by, name] of [
    [1_000_000, 'million'],
    [1_000, 'thousand'],
    [100, 'hundred'],
  ] as const) {
    if (n < by) continue;
    const rest = n % by;
    const between = rest === 0 ? '' : rest < 100 ? and : ' ';
    return `${inWords(Math.floor(n / by), and, hyphen)} ${name}${between}${rest ? inWords(rest, and, hyphen) : ''}`;
  }
  throw new Error(`${n}`);
}

const read = (text: string): string | undefined => {
  const words = readWords(text);
  return words && `${spell(words.value)}|${text.slice(words.end)}`;
};

describe('readWords', () => {
  it('reads every number as it is written', () => {
    const upTo = fc.oneof(
      fc.nat({ max: 130 }),
      fc.nat({ max: 9_999 }),
      fc.nat({ max: 99_999_999 }),
    );
    fc.assert(
      fc.property(
        upTo,
        fc.constantFrom(' ', ' and '),
        fc.constantFrom('-', ' '),
        (n, and, hyphen) => {
          expect(read(`${inWords(n, and, hyphen)} apples`)).toBe(`${n}| apples`);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a dozen eggs', '12| eggs'],
    ['two dozen', '24|'],
    ['half a dozen', '6|'],
    ['half a million', '500000|'],
    ['a hundred and one', '101|'],
    ['half of it', '1/2| of it'],
    ['a third', '1/3|'],
    ['two thirds of it', '2/3| of it'],
    ['two-thirds', '2/3|'],
    ['one half', '1/2|'],
    ['two and a half hours', '5/2| hours'],
    ['three and two thirds', '11/3|'],
    ['five and six', '5| and six'],
    ['Five.', '5|.'],
    ['one or two', '1| or two'],
  ])('%j is %j', (text, found) => {
    expect(read(text)).toBe(found);
  });

  it.each([
    '',
    'a',
    'an apple',
    'apples',
    'one two',
    'twenty twelve',
    'one of them',
    'a million and a half',
    'fives',
    'sixty-fold5',
  ])('%j starts with none, or with another', (text) => {
    expect(read(text)?.startsWith('60') ?? true).toBe(true);
  });

  it('doubts quarters, which may be coins', () => {
    expect(readWords('three quarters')?.doubt).toBe('quarters may be fourths or coins');
  });
});

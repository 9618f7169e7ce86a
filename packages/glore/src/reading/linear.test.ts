/**
 * Reading takes work in proportion to the length of a text, whatever the text is. Work is counted, not timed: the characters that
 * searches and patterns go over. That counts no backtracking, so patterns that see long texts must have none to speak of: a
 * bounded end, or nothing but one class repeated.
 */
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseLines } from '../codec/index.js';
import { longestAnswer } from './canonical.js';
import { sameAnswer } from './equivalence.js';
import { goldAnswer } from './gold.js';
import { extractAnswer } from './read.js';
import { readSolution } from './solution.js';

/** What is longer is looked at by patterns with a bounded end alone; a character may become six, as "½" does. */
const short = 6 * 2 * longestAnswer;

const { exec } = RegExp.prototype;
const { indexOf, lastIndexOf } = String.prototype;
let work = 0;
/** The patterns that saw long texts. */
let seen = new Set<string>();

beforeEach(() => {
  seen = new Set();
  RegExp.prototype.exec = function (text: string) {
    const from = this.global || this.sticky ? this.lastIndex : 0;
    const match = exec.call(this, text);
    if (text.length > short) seen.add(this.source);
    work += match ? match.index + match[0].length - from : this.sticky ? 1 : text.length - from;
    return match;
  };
  String.prototype.indexOf = function (this: string, text: string, from = 0) {
    const found = indexOf.call(this, text, from);
    work += Math.max(0, (found === -1 ? this.length : found) - from);
    return found;
  };
  String.prototype.lastIndexOf = function (this: string, text: string, from = this.length) {
    const found = lastIndexOf.call(this, text, from);
    work += from - found;
    return found;
  };
});
const unpatch = (): void => {
  Object.assign(RegExp.prototype, { exec });
  Object.assign(String.prototype, { indexOf, lastIndexOf });
};
afterEach(unpatch);

function isBounded(source: string): boolean {
  unpatch();
  const bare = source
    .replace(/\\u\{?[0-9A-Fa-f]+\}?|\\p\{\w+\}|\\./g, 'x')
    .replace(/\[[^\]]*\]/g, 'x');
  return !/[*+]|\{\d*,\}/.test(bare) || /^\^?x\+$/.test(bare);
}

const readers: Record<string, (text: string) => unknown> = {
  'extractAnswer of a number': (text) => extractAnswer(text, 'number'),
  'extractAnswer of a text': (text) => extractAnswer(text, 'text'),
  goldAnswer,
  sameAnswer: (text) => sameAnswer(text, '5'),
  readSolution,
  'readSolution of what was cut off': (text) => readSolution(text, { finished: false }),
  parseLines,
};

const workOf = (read: (text: string) => unknown, text: string): number => {
  work = 0;
  read(text);
  return work;
};

const pieces = [
  ...[
    '9',
    '{',
    '}',
    '#',
    '####',
    '#### ',
    '#### 5 ',
    '\\boxed{',
    '\\boxed{5}',
    '\\frac{',
    '\\text{',
    '\\',
    '$',
    '-',
    '- ',
  ],
  ...[
    '1,',
    ',',
    '.',
    '..x',
    ' ',
    '\n',
    '\r',
    '\t',
    '\u00a0',
    '<',
    '<<',
    '>>',
    '<<1',
    '<<\n',
    '>>\n',
    '<think>',
    '</think>',
  ],
  ...[
    '<answer>',
    '</answer>',
    '<|',
    '<|channel|>analysis<|message|>',
    '<|end|>',
    '[THINK]',
    'analysis',
    'assistantfinal',
  ],
  ...[
    'answer',
    'answer ',
    'answer: ',
    'Answer:\n',
    'the answer is ',
    'the answer is 5 ',
    'answer to ',
    'Question:\n',
  ],
  ...[
    'Question: 5\n',
    'Q:',
    '### Instruction\n',
    'wait ',
    'wait 6 ',
    '= ',
    '=\n',
    '5=',
    '5 = 6\n',
    'a ',
    'x',
    '1/2 ',
    '5x ',
  ],
  ...[
    'five ',
    'one ',
    'twenty-',
    'and ',
    '(',
    ')',
    '(5',
    '*',
    '**',
    '__',
    '`',
    '~~',
    '"',
    '½',
    '²',
    '₅',
    '٥',
    '。',
    '\u200b',
  ],
  ...[
    '**Answer**\n',
    '5 because ',
    '3:',
    '3:30 ',
    '(A) ',
    '^',
    '\u2028',
    '&',
    '<b>',
    '<sup>',
    '\n\n',
    'a\n',
    '5\n',
    '- 5\n',
  ],
];

describe('reading is linear', () => {
  for (const [name, read] of Object.entries(readers)) {
    it(`${name}: of a piece again and again`, () => {
      for (const piece of pieces) {
        const of = (count: number) => workOf(read, piece.repeat(Math.ceil(count / piece.length)));
        const [some, twice, much] = [of(8_000), of(16_000), of(32_000)];
        expect([piece, much / 32_000]).toEqual([
          piece,
          expect.toSatisfy((each: number) => each < 500),
        ]);
        expect([piece, much < 3 * twice + 10_000, twice < 3 * some + 10_000]).toEqual([
          piece,
          true,
          true,
        ]);
      }
      expect([...seen].filter((source) => !isBounded(source))).toEqual([]);
    });

    it(`${name}: of mixtures`, () => {
      const mixture = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 6 });
      fc.assert(
        fc.property(mixture, mixture, (start, again) => {
          const of = (count: number) => {
            const piece = again.join('');
            return workOf(read, start.join('') + piece.repeat(Math.ceil(count / piece.length)));
          };
          const [some, much] = [of(8_000), of(24_000)];
          expect(much).toBeLessThan(5 * some + 40_000);
        }),
        { numRuns: 20 },
      );
      expect([...seen].filter((source) => !isBounded(source))).toEqual([]);
    });
  }

  // Patterns with a bounded text may still try every way to divide it: such a one would go on for years.
  it('of a short text too, however its pieces are apart', () => {
    unpatch();
    for (const piece of [...pieces, '±', '≥', '<=', '~', '\\pm', '- (']) {
      for (const apart of ['', ' ', '  ', '= ']) {
        const text = (piece + apart).repeat(longestAnswer).slice(0, longestAnswer);
        for (const read of Object.values(readers)) {
          runInNewContext('read()', { read: () => read(`\\boxed{${text}`) }, { timeout: 60_000 });
        }
      }
    }
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain } from './plain.js';

const marks = [
  '$',
  '\\$',
  '%',
  ',',
  '.',
  '-',
  '/',
  '(',
  ')',
  ' ',
  '\n',
  '\u202f',
  '\\,',
  '~',
  '{,}',
  'x',
  '=',
  ':',
];
const wrappers = [
  '{',
  '}',
  '\\boxed{',
  '\\text{',
  '\\left',
  '\\(',
  '\\)',
  '**',
  '__',
  '`',
  '*',
  '_',
  '"',
  '^\\circ',
];

describe('plain', () => {
  it.each([
    ['**72 clips**', '72 clips'],
    ['"72"', '72'],
    ['$72$ clips', '72 clips'],
    ['\\(72\\)', '72'],
    ['**\\$1{,}000**', '$1,000'],
    ['\\text{\\textbf{72}}', '72'],
    ['1\\frac{1}{2}', '1 1/2'],
    ['-\\dfrac{1}{2}', '-1/2'],
    ['1¾ cups', '1 3/4 cups'],
    ['\u22127', '-7'],
    ['2 and a half', '2 1/2'],
    ['12\n clips', '12 clips'],
    ['costs $5 and $6', 'costs $5 and $6'],
    ['2**3', '2**3'],
    ['a_b', 'a_b'],
    [`${'_'.repeat(60)}1`, '1'],
    ['\\sqrt{3}', '\\sqrt{3}'],
  ])('%j -> %j', (answer, text) => {
    expect(plain(answer)).toBe(text);
  });

  it('never joins digits, and has nothing to do twice', () => {
    const piece = fc.constantFrom('5', '12', '000', ...marks, ...wrappers);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        const answer = pieces.join('');
        const text = plain(answer);
        const runs = new Set(answer.match(/\d+/g));
        expect((text.match(/\d+/g) ?? []).filter((run) => !runs.has(run))).toEqual([]);
        expect(plain(text)).toBe(text);
      }),
      { numRuns: 5_000 },
    );
  });
});

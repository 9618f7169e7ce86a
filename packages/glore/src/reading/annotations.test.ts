import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stripAnnotations } from './annotations.js';

/** The slow and obvious way: quadratic on a text of "<<". */
const obvious = (text: string): string => text.replace(/<<.*?>>/g, '');

describe('stripAnnotations', () => {
  it.each([
    ['Fay has 37+148=<<37+148=185>>185.', 'Fay has 37+148=185.'],
    ['$<<0.2*50=10>>10 and <<1+1=2>>2', '$10 and 2'],
    ['no mark', 'no mark'],
    ['3 << 4 and 4 > 3', '3 << 4 and 4 > 3'],
    ['3 << 4\n4 >> 3', '3 << 4\n4 >> 3'],
    ['<<<a>>b>>', 'b>>'],
    ['<<<a>><b>>', '<b>>'],
  ])('turns %j into %j', (text, stripped) => {
    expect(stripAnnotations(text)).toBe(stripped);
  });

  it('gives what the obvious way gives, and has nothing to do twice', () => {
    const piece = fc.constantFrom(
      '<',
      '<<',
      '>',
      '>>',
      '\n',
      '\r',
      '\u2028',
      '\u2029',
      'a',
      '7',
      ' ',
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const once = stripAnnotations(text);
        expect(once).toBe(obvious(text));
        expect(stripAnnotations(once)).toBe(once);
      }),
      { numRuns: 5_000 },
    );
  });
});

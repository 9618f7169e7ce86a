import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiCharacters } from './characters.js';

describe('asciiCharacters', () => {
  // What is not written in decimal digits (Roman numbers, Chinese words) is left as it is.
  const systems = Intl.supportedValuesOf('numberingSystem').filter((system) =>
    /^\p{Nd}$/u.test(new Intl.NumberFormat(`en-u-nu-${system}`).format(7)),
  );

  it('knows the digits of every script that this platform writes', () => {
    expect(systems.length).toBeGreaterThan(30);
    for (const system of systems) {
      const format = new Intl.NumberFormat(`en-u-nu-${system}`, { useGrouping: false });
      const digits = Array.from({ length: 10 }, (_, digit) => format.format(digit)).join('');
      expect([system, asciiCharacters(digits)]).toEqual([system, '0123456789']);
    }
  });

  it.each([
    ['１８．５', '18.5'],
    ['١٬٢٣٤٫٥', '1,234.5'],
    ['−5', '-5'],
    ['5–6', '5-6'],
    ['3⁄4', '3/4'],
    ['1½', '1 1/2 '],
    ['5²', '5^2'],
    ['10⁻¹²', '10^{-12}'],
    ['5²3', '5^{2}3'],
    ['204₅', '204_5'],
    ['18。', '18. '],
    ['1\u200b8', '18'],
    ['28٪', '28%'],
    ['5…', '5...'],
  ])('%j -> %j', (text, ascii) => {
    expect(asciiCharacters(text)).toBe(ascii);
  });

  it('leaves ASCII alone, and has nothing to do twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = asciiCharacters(text);
        expect(asciiCharacters(once)).toBe(once);
      }),
      { numRuns: 3_000 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii' }), (text) => {
        expect(asciiCharacters(text)).toBe(text);
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from './canonical.js';
import { sameAnswer } from './equivalence.js';

describe('canonical', () => {
  it.each([
    ['72', '72'],
    ['72.', '72'],
    ['007', '7'],
    ['+5', '5'],
    ['-0', '0'],
    ['1,000', '1000'],
    ['1000.0', '1000'],
    ['$1,000.00', '1000'],
    ['1000 dollars', '1000'],
    ['1\u202f000', '1000'],
    ['1 000', '1000'],
    ['12\u200a500', '12500'],
    ['1 234 567.5', '2469135/2'],
    ["1'000", '1000'],
    ['12~500', '12500'],
    ['12,34,567', '1234567'],
    ['1.234.567', '1234567'],
    ['1.234,5', '2469/2'],
    ['1000,99', '100099/100'],
    ['0,500', '1/2'],
    ['2,74 $', '137/50'],
    ['1,5', '3/2'],
    ['10{,}000', '10000'],
    ['10\\,000', '10000'],
    ['25 \\mathrm{cm}^2', '25'],
    ['$1.5 million', '1500000'],
    ['$1.5M', '1500000'],
    ['100k', '100000'],
    ['3 dozen eggs', '36'],
    ['1e3', '1000'],
    ['1.5 \\times 10^{6}', '1500000'],
    ['2.5e-1', '1/4'],
    ['1/2', '1/2'],
    ['0.5', '1/2'],
    ['.50', '1/2'],
    ['4 / 8', '1/2'],
    ['\\frac{1}{2}', '1/2'],
    ['\\cfrac{1}{2}', '1/2'],
    ['\\frac{1}2', '1/2'],
    ['\\frac{1\\text{ cup}}{2}', '1/2'],
    ['1 \\over 2', '1/2'],
    ['{1 \\over 2}', '1/2'],
    ['1 \\div 2', '1/2'],
    ['1\u20442', '1/2'],
    ['1÷2', '1/2'],
    ['½', '1/2'],
    ['\\dfrac12', '1/2'],
    ['-\\frac{1}{2}', '-1/2'],
    ['1 1/2', '3/2'],
    ['1½', '3/2'],
    ['1\\frac{1}{2} cups', '3/2'],
    ['-1 1/2', '-3/2'],
    ['2 and a half hours', '5/2'],
    ['12/3', '4'],
    ['-7', '-7'],
    ['negative 7', '-7'],
    ['minus seven', '-7'],
    ['(-7)', '-7'],
    ['(7)', '7'],
    ['\u22127', '-7'],
    ['–7', '-7'],
    ['- 7', '-7'],
    ['-$7', '-7'],
    ['$-7', '-7'],
    ['$ 4', '4'],
    ['5$', '5'],
    ['€5', '5'],
    ['£5', '5'],
    ['50%', '50'],
    ['50\\%', '50'],
    ['50 percent', '50'],
    ['50 per cent', '50'],
    ['50 pct', '50'],
    ['50 percentage points', '50'],
    ['fifty percent', '50'],
    ['5^2', '25'],
    ['5²', '25'],
    ['10^{6}', '1000000'],
    ['1.5 × 10⁶', '1500000'],
    ['five', '5'],
    ['x = 5', '5'],
    ['Rs. 500', '500'],
    ['₱500', '500'],
    ['HK$ 500', '500'],
    ['٥٠٠', '500'],
    ['５００', '500'],
    ['5:00 PM', '5'],
    ['**72**', '72'],
    ['`72`', '72'],
    ['"72"', '72'],
    ['$72$', '72'],
    ['$\\$72$', '72'],
    ['$$72$$', '72'],
    ['\\(72\\)', '72'],
    ['\\text{72 clips}', '72'],
    ['\\boxed{72}', '72'],
    ['72 clips (in total)', '72'],
    ['25 m²', '25'],
    ['90^\\circ', '90'],
    ['99999999999999999999999.5', '199999999999999999999999/2'],
  ])('%s is the number %s', (answer, key) => {
    expect(canonical(answer)).toMatchObject({ kind: 'number', key });
  });

  it.each([
    '1,000,00',
    '3:30',
    '5-6',
    '5–6',
    '5, 6',
    '5 or 6',
    '5 or six',
    '5 and six tenths',
    '2 thirds',
    '1/2/2024',
    '1.2.3',
    '5/0',
    '5x',
    '5 x',
    '2π',
    '2\\pi',
    '2\\sqrt{3}',
    '5!',
    '204_5',
    '204₅',
    '5^n',
    '-5^2',
    '5 to 6',
    '3 out of 4',
    '6 < x',
    '5ab',
    '12 500/3',
    'a million and a half',
    '5 base 8',
    '0.\\overline{3}',
    '2**3',
    '2 ** 3',
    '5****2',
    '5`2',
    '5\\,2',
    '1\\text{2}',
    '\\boxed{1}\\boxed{2}',
    '\\frac12345',
    '\\frac{1}{2}5',
    '1½5',
    '3 + 4',
    '3 - 4',
    '9 remainder 1',
    '5 hours 3 minutes',
    '--5',
    '$-$5',
    '±5',
    '5+',
    '1e9999',
    '9'.repeat(500),
  ])('%s is not read as a number', (answer) => {
    expect(canonical(answer)).toMatchObject({ kind: 'text' });
  });

  it('reads an empty answer as none', () => {
    for (const answer of ['', '  ', '.', '****', '\n']) expect(canonical(answer)).toBeUndefined();
  });

  it('never gives a text the key of a number', () => {
    fc.assert(
      fc.property(fc.string(), (answer) => {
        const form = canonical(answer);
        if (form) expect(form.key.startsWith('"')).toBe(form.kind === 'text');
      }),
    );
  });
});

describe('sameAnswer', () => {
  it.each([
    ['72', '72 clips'],
    ['72 clips', '72 clip'],
    ['72 paper clips', '72 clips'],
    ['5 ft', '5 feet'],
    ['2 boxes', '2 box'],
    ['$5', '5 dollars'],
    ['50%', '50'],
    ['50%', '50 percent of the clips'],
    ['Blue', '**blue**.'],
    ['3:30', '3:30'],
    ['3:30', '03:30'],
    ['3:30', '3 : 30'],
    ['3:30', '3:30 p.m.'],
    ['5 pm', '5:00 PM'],
    ['B', '(b)'],
    ['B', 'B: a polygon'],
    ['A) 18', '18'],
    ['A: 18', 'A'],
    ['B. blue', 'blue'],
    ['3\\sqrt{19}', '3 \\sqrt{19}'],
    ['the  red\ncar', 'The red car'],
  ])('%s = %s', (a, b) => {
    expect(sameAnswer(a, b)).toBe(true);
    expect(sameAnswer(b, a)).toBe(true);
  });

  it.each([
    ['5', '-5'],
    ['1.50', '150'],
    ['3:30', '330'],
    ['3:30', '3'],
    ['1,5', '15'],
    ['1,5', '1'],
    ['5-6', '5'],
    ['5 or 6', '5'],
    ['5x', '5'],
    ['5 million', '5'],
    ['3 dozen', '3'],
    ['5 and a half', '5'],
    ['1½', '11/2'],
    ['2**3', '23'],
    ['5²', '52'],
    ['1/3', '0.33'],
    ['0.1', '0.1000000000000000055511151231257827'],
    ['9007199254740993', '9007199254740992'],
    ['50%', '0.5'],
    ['5 hours', '5 minutes'],
    ['$5', '€5'],
    ['5 AM', '5 PM'],
    ['5%', '5 clips'],
    ['', ''],
    ['blue', 'red'],
    ['3:30 AM', '3:30 PM'],
    ['3:2', '1.5'],
    ['B', 'A'],
    ['B', 'a polygon'],
    ['B) 18', '19'],
    ['5\\pi', '5'],
  ])('%s != %s', (a, b) => {
    expect(sameAnswer(a, b)).toBe(false);
    expect(sameAnswer(b, a)).toBe(false);
  });

  const decimals = fc.record({
    units: fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }),
    places: fc.integer({ min: 0, max: 6 }),
  });
  const write = ({ units, places }: { units: bigint; places: number }): string => {
    const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
    const whole = digits.slice(0, digits.length - places);
    const fraction = digits.slice(digits.length - places);
    return `${units < 0n ? '-' : ''}${whole}${fraction && `.${fraction}`}`;
  };
  const group = (text: string) =>
    text.replace(/\d+/, (whole) => whole.replace(/\B(?=(?:\d{3})+$)/g, ','));

  it('agrees with exact arithmetic on decimals in any spelling', () => {
    fc.assert(
      fc.property(decimals, decimals, (a, b) => {
        const equal = a.units * 10n ** BigInt(b.places) === b.units * 10n ** BigInt(a.places);
        expect(sameAnswer(write(a), group(write(b)))).toBe(equal);
        const tail = a.places > 0 ? '00' : '.00';
        expect(sameAnswer(write(a), `$${group(write(a))}${tail}`)).toBe(true);
        expect(sameAnswer(write(a), `${write(a)} clips`)).toBe(true);
        expect(sameAnswer(write(a), `${write({ ...a, units: a.units + 1n })} clips`)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('compares fractions by cross multiplication', () => {
    const natural = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(natural, natural, natural, natural, (a, b, c, d) => {
        expect(sameAnswer(`${a}/${b}`, `\\frac{${c}}{${d}}`)).toBe(a * d === b * c);
        // What is no part of one is no mixed number.
        expect(sameAnswer(`${c} ${a}/${b}`, `${c * b + a}/${b}`)).toBe(a < b);
      }),
      { numRuns: 500 },
    );
  });
});

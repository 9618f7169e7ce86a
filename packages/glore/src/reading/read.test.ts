import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonical } from './canonical.js';
import { goldAnswer } from './gold.js';
import { extractAnswer } from './read.js';

describe('extractAnswer', () => {
  it.each([
    ['#### 72', '72', 'marker'],
    ['48/2 = <<48/2=24>>24\n#### 1,080\n', '1,080', 'marker'],
    ['The answer is 5.\n#### 5 clips.', '5 clips', 'marker'],
    ['#### \u22127', '-7', 'marker'],
    ['####-7', '-7', 'marker'],
    ['#### **$1,000.00**', '$1,000.00', 'marker'],
    ['#### \\boxed{72}', '72', 'marker'],
    ['\\boxed{72}', '72', 'boxed'],
    ['the final answer is $\\boxed{72}$.', '72', 'boxed'],
    ['so $$\\boxed{\\dfrac{3}{4}}$$', '3/4', 'boxed'],
    ['\\boxed{1\\frac{1}{2}}', '1 1/2', 'boxed'],
    ['\\boxed{\\text{72 clips}}', '72 clips', 'boxed'],
    ['\\boxed{x = 5}', '5', 'boxed'],
    ['\\boxed{\\$1{,}250}', '$1,250', 'boxed'],
    ['The answer is 72.', '72', 'phrase'],
    ['The answer is 72 clips. I hope it helps.', '72 clips', 'phrase'],
    ['the answer is: 3.5', '3.5', 'phrase'],
    ['The answer is 5 clips!', '5 clips', 'phrase'],
    ['The answer is 48 + 24 = 72.', '72', 'phrase'],
    ['The answer is 72 = 48 + 24.', '72', 'phrase'],
    ['The answer is 48+24=<<48+24=72>>72.', '72', 'phrase'],
    ['The answer to the question is 12.5%.', '12.5%', 'phrase'],
    ['The answer is 10 dollars.\n\nQ: Tom has 5', '10 dollars', 'phrase'],
    ['Answer: 72', '72', 'phrase'],
    ['Answer: The answer is 72', '72', 'phrase'],
    ['**Answer:** 72', '72', 'phrase'],
    ['**Final Answer**\n\nThe answer is:\n\n**72 clips.**', '72 clips', 'phrase'],
    ['#### Step 1: 2 + 2 is 4\n#### Result\nThe answer is $72$ clips.', '72 clips', 'phrase'],
    ['72', '72', 'bare'],
    [' **72 clips** ', '72 clips', 'bare'],
    ['$72$', '72', 'bare'],
  ])('%j -> %s by %s', (text, value, how) => {
    expect(extractAnswer(text)).toEqual({ value, how });
  });

  it.each([
    ['She sold 72 clips in May', '72'],
    ['She paid **$1,200**.', '$1,200'],
    ['It fell to -5 degrees.', '-5'],
    ['10 - 5', '5'],
    ['16-3-4', '4'],
    ['That is 3/4 of a cup', '3/4'],
    ['After the 3rd turn he has 5 eggs', '5'],
    ['He has 5 left at 3:30', '5'],
    ['He has 5 left, with A1 and 1,5', '1,5'],
    ['He has 5 left, with A1', '5'],
    ['It is now minus 5 degrees.', 'minus 5'],
    ['There are fifteen birds.', 'fifteen'],
    ['The answer is that she sold 72 clips', '72'],
    ['The answer is approximately 5', '5'],
    ['#### Step 1: Compute\n24\n#### Step 2: Sum\n48+24 = 72 clips.', '72'],
    ['\\boxed{12', '12'],
  ])('%j -> %s as a declared guess', (text, value) => {
    const doubt = 'no number is marked as the answer, so the last one was taken';
    expect(extractAnswer(text)).toEqual({ value, how: 'last-number', doubt });
  });

  it.each([
    '',
    ' \n',
    'no idea',
    'The answer is that of them.',
    '####',
    'A1',
    'One of them knows.',
  ])('%j holds no number', (text) => {
    expect(extractAnswer(text)).toBeUndefined();
  });

  it('takes the last of several marked answers and says so', () => {
    const doubt = 'several answers are marked (5, 6), and 6 was taken';
    expect(extractAnswer('#### 5\nAgain:\n#### 6')).toEqual({
      value: '6',
      how: 'marker',
      doubt,
    });
    expect(extractAnswer('#### 6\nThe answer is 5.')).toEqual({
      value: '6',
      how: 'marker',
      doubt: 'several answers are marked (6, 5), and 6 was taken',
    });
    expect(extractAnswer('#### 6\nThe answer is $6.00')).toEqual({ value: '6', how: 'marker' });
  });

  it('doubts a marked number that other numbers follow', () => {
    expect(extractAnswer('The answer is 72, which is 24 more.')).toEqual({
      value: '72',
      how: 'phrase',
      doubt: 'taken from "72, which is 24 more"',
    });
  });

  it.each([
    ['The answer is 5!', 'it may be a factorial'],
    ['The answer is 5?', 'it is asked, not said'],
    ['The answer is 0.33...', 'its digits go on'],
    ['If the answer is 5, they part.', 'it may only be supposed'],
    ["It isn't the answer: 5", 'it may only be supposed'],
    ['The answer is 5. Wait, there are six.', 'second thoughts follow it'],
    ['The answer is 5.\nSo they have 6.', 'a conclusion follows it, with 6'],
    ['The answer is 5.\n5+1=6', 'a computation follows it, with the result 6'],
    ['#### 5\nof 6', 'other numbers follow it'],
    ['#### 5. Find the sum', 'it may be the number of a heading'],
    ['\\frac{\\boxed{5}}{2}', 'what is marked is a part of something else'],
    ['Answer:\n- 5', 'the minus sign may be a bullet'],
    ['The answer is 7/3 ≈ 2.33', 'it is approximate'],
    ['The answer is 2x = 10', 'taken from "2x = 10"'],
    ['Hm.\n\nQuestion: 2+3?\n#### 5', 'it sets a problem before it answers'],
    ['#### 5\n<think>so', 'a block of reasoning is not closed'],
  ])('doubts %j: %s', (text, doubt) => {
    expect(extractAnswer(text)?.doubt).toBe(doubt);
  });

  it('finds answers that are no numbers', () => {
    expect(extractAnswer('So it is 3. The answer is **Blue**.', 'text')).toEqual({
      value: 'Blue',
      how: 'phrase',
    });
    expect(extractAnswer('#### 3:30', 'text')).toEqual({ value: '3:30', how: 'marker' });
    expect(extractAnswer('\\boxed{\\text{(A)}}', 'text')).toEqual({ value: '(A)', how: 'boxed' });
    expect(extractAnswer('blue', 'text')).toEqual({ value: 'blue', how: 'bare' });
    expect(extractAnswer('', 'text')).toBeUndefined();
  });

  it('reads whatever is written around a marker', () => {
    const noise = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('#'));
    fc.assert(
      fc.property(noise, fc.integer(), (before, answer) => {
        const found = extractAnswer(`${before}\n#### ${answer}`);
        expect(found).toMatchObject({ value: String(answer), how: 'marker' });
      }),
      { numRuns: 300 },
    );
  });

  it('gives the form of what it gives, for any mixture of marks', () => {
    const piece = fc.constantFrom(
      ...[
        '5',
        '12',
        '0',
        ',',
        '.',
        '$',
        '\\$',
        '%',
        '-',
        '/',
        '^',
        '=',
        ':',
        '½',
        '(',
        ')',
        ' ',
        '\n',
        'x',
        'dozen',
      ],
      ...[
        '{',
        '}',
        '\\frac',
        '\\boxed{',
        '\\text{',
        '####',
        '**',
        '__',
        '`',
        '<<',
        '>>',
        'answer is ',
        ' and a half',
      ],
    );
    const mixture = fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(mixture, (text) => {
        const found = extractAnswer(text);
        if (found) expect(canonical(found.value)).toBeDefined();
        const other = extractAnswer(text, 'text');
        if (other) expect(canonical(other.value)).toBeDefined();
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('goldAnswer', () => {
  it.each([
    ['72', '72'],
    [' $1,000.00 ', '$1,000.00'],
    ['48/2=<<48/2=24>>24\n#### 24', '24'],
    ['She sold 3. The answer is 72.', '72'],
    ['So \\boxed{72}', '72'],
    ['blue', 'blue'],
    ['It takes 3 hours.\n#### 3:30', '3:30'],
    ['3 red cars', '3 red cars'],
    ['', ''],
  ])('%j -> %j', (field, answer) => {
    expect(goldAnswer(field)).toBe(answer);
  });
});

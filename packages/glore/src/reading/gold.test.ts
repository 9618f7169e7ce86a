import { describe, expect, it } from 'vitest';
import { readGold } from './gold.js';

const guessed = 'the gold answer is not marked, so its last number was taken';

describe('readGold', () => {
  it.each([
    ['18', '18'],
    ['A: 18', 'A: 18'],
    ['Answer: 18', '18'],
    ['k = 1', 'k = 1'],
    ['Rs. 500', 'Rs. 500'],
    ['Mia has 9 pens and buys 9.\n9 + 9 = 18\nA: 18', '18'],
    ['Mia has 9 + 9 = 18 pens.\n\n18', '18'],
    ['<think>9+9</think><answer>18</answer>', '18'],
    ['She has 9, then 18.\n#### 18', '18'],
    ['9+9=\\boxed{18}', '18'],
    ...['Ans. 18', 'Solution: 18', '= 18', '18;', '18,', '18 because 9*2=18', '18 (eighteen)'].map(
      (field) => [field, '18'],
    ),
    ['5 or 6', '5 or 6'],
    ['x = 1 or x = 2', 'x = 1 or x = 2'],
    ['18 at least', '18 at least'],
    ['blue', 'blue'],
    ['x + 2 y = 3 z', 'x + 2 y = 3 z'],
    ['5 hours 3 minutes', '5 hours 3 minutes'],
    ['The answer is blue.', 'blue'],
    ['\\boxed{>}', '>'],
  ])('%j -> %j', (field, value) => {
    const found = readGold(field);
    expect([found?.value, found?.doubt]).toEqual([value, undefined]);
  });

  it.each([
    ['9 pens and 9 more make 18 pens', '18'],
    ['Mia has 9 pens.\nShe gets 9, so 9+9=18 pens.', '18'],
  ])('guesses at %j -> %j', (field, value) => {
    expect(readGold(field)).toMatchObject({ value, doubt: guessed });
  });

  it.each([
    '',
    ' ',
    'She gave half of them away.\nAltogether there were more',
    'She had as many pens as Bo had before he lost some of his',
    '<think>18',
    '#### <<1>>',
    '#### $',
    '\\boxed{~~}',
  ])('finds none in %j', (field) => {
    expect(readGold(field)).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { readSolution } from './solution.js';

describe('readSolution', () => {
  it.each([
    ['37+15=52\n#### 52', ['37+15=52'], '52'],
    [
      '<think>\nI carry one.\nSo 52.\n</think>\n\nMia has 37+15=52.\n#### 52',
      ['Mia has 37+15=52.'],
      '52',
    ],
    ['#### Step 1\nMia has 37+15=52.\n#### 52', ['Step 1', 'Mia has 37+15=52.'], '52'],
    ['Mia has 37+15=52.\n**#### 52**', ['Mia has 37+15=52.'], '52'],
    ['Mia has 37+15=52 #### 52', ['Mia has 37+15=52 '], '52'],
    ['Mia has 52.\n#### Answer: 52', ['Mia has 52.'], '52'],
    ['Mia has 52.\n#### Answer\n\n52\n', ['Mia has 52.'], '52'],
    ['#### 50\nWait.\n#### 52', ['50', 'Wait.'], '52'],
    ['#### 52\n\nQuestion: Bo has 2.\n#### 2', [], '52'],
    ['Mia has 52.\n\nQuestion: Bo has 2.', ['Mia has 52.'], null],
    ['So \\boxed{52}.\nThat is all.', ['So \\boxed{52}.', 'That is all.'], '52'],
    ['The answer is 52.', ['The answer is 52.'], '52'],
    ['The answer is blue.', ['The answer is blue.'], 'blue'],
    [
      'The answer is what we get by adding all of it up.',
      ['The answer is what we get by adding all of it up.'],
      null,
    ],
    ['#### blue', [], 'blue'],
    ['52', ['52'], '52'],
    ['Mia has 52.', ['Mia has 52.'], null],
    ['37+15=52\n<answer>52</answer>\nCheck: 52-15=37', ['37+15=52'], '52'],
    ['<answer>\n37+15=52\n#### 52\n</answer>', ['37+15=52'], '52'],
    ['<think>so 52', [], null],
    ['', [], null],
    ['a\r\nb\r<<1+1=2>>\n\n####', ['a', 'b'], null],
  ])('%j', (text, steps, answer) => {
    expect(readSolution(text)).toMatchObject({ steps, answer });
  });

  it('gives the reasoning beside the solution', () => {
    expect(readSolution('<think>a\nb</think>c\n#### 5')).toEqual({
      ends: [19],
      reasoning: 'a\nb',
      steps: ['c'],
      answer: '5',
    });
  });

  it.each([
    ['a\nb\n#### 5', ['a', 'b'], null],
    ['a\n#### 5\nb', ['a'], '5'],
    ['a\n#### 52\n', ['a'], '52'],
    ['The answer is 5.\nb', ['The answer is 5.'], null],
    ['So \\boxed{5}.\nb', ['So \\boxed{5}.'], null],
    ['<answer>5</answer>\nb', [], '5'],
    ['<think>a\nb</think>\nc\nd', ['c'], null],
    ['<think>a\nb', [], null],
  ])('of what was cut off, %j, only whole lines count', (text, steps, answer) => {
    expect(readSolution(text, { finished: false })).toMatchObject({ steps, answer });
  });
});

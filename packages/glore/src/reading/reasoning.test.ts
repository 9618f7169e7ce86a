import { describe, expect, it } from 'vitest';
import { partReasoning } from './reasoning.js';

describe('partReasoning', () => {
  it.each([
    ['9*2=18', '', '9*2=18'],
    ['<think>a</think>b', 'a', 'b'],
    ['<THINK>a</THINK>b', 'a', 'b'],
    ['<thinking>a</thinking>b', 'a', 'b'],
    ['<reasoning>a</reasoning>b', 'a', 'b'],
    ['[THINK]a[/THINK]b', 'a', 'b'],
    ['◁think▷a◁/think▷b', 'a', 'b'],
    ['<think></think>b', '', 'b'],
    ['a</think>b', 'a', 'b'],
    ['a</think>', 'a', ''],
    ['<think>a', 'a', ''],
    ['<think>a</think>b<think>c</think>d', 'ac', 'bd'],
    ['<think>a<think>b</think>c</think>d', 'abc', 'd'],
    ['<think>a</think>b</think>', 'a', 'b'],
    ['<think>a<|im_end|>b', 'a', ''],
    ['a<|im_end|>b', '', 'a'],
    ['<|im_start|>assistant\na<|im_end|>', '', '\na'],
    ['<|begin_of_thought|>a<|end_of_thought|><|begin_of_solution|>b<|end_of_solution|>', 'a', 'b'],
    ['<solution>a</solution>', '', 'a'],
    [
      '<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b<|return|>c',
      'a',
      'b',
    ],
    [
      '<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>commentary to=x<|message|>c<|call|>',
      'ac',
      '',
    ],
    ['<|channel|>final<|message|>b', '', 'b'],
    ['analysisThey have a.assistantfinalb', 'They have a.', 'b'],
    ['analysisThey have', 'They have', ''],
    ['analysis of it', '', 'analysis of it'],
    ['<b>18</b> < 19', '', '<b>18</b> < 19'],
  ])('%j: %j, then %j', (text, reasoning, solution) => {
    expect(partReasoning(text)).toEqual({ reasoning, solution });
  });

  it('doubts a solution after which reasoning was cut off', () => {
    expect(partReasoning('a<think>b')).toEqual({
      reasoning: 'b',
      solution: 'a',
      doubt: 'a block of reasoning is not closed',
    });
  });
});

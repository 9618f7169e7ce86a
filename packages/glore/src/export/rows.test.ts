import { describe, expect, it } from 'vitest';
import { globalRow, localRow, stepwiseRow, studentRow } from '../dataset/index.js';
import { processBenchRow, shepherdRow } from './rows.js';

const problem = 'p-1';
const question = 'Ann has 3. Ann buys 4. Ann loses 2. How many has Ann?';
const steps = ['Ann has 3+4=<<3+4=7>>7.', 'Ann has 7-2=4.'];
const target = { steps: [steps[0]!, 'Ann has 7-2=5.'], answer: '5' };
const wrong = { problem, question, steps, answer: '4' };

describe('stepwiseRow', () => {
  it('has a completion and a label for each line, the answer line last', () => {
    expect(stepwiseRow({ ...wrong, labels: [true, false, false] })).toEqual({
      prompt: question,
      completions: ['Ann has 3+4=7.', 'Ann has 7-2=4.', '#### 4'],
      labels: [true, false, false],
    });
  });

  it('puts a line without a label before the next labelled one, and leaves off the rest', () => {
    expect(stepwiseRow({ ...wrong, labels: [null, false, null] })).toEqual({
      prompt: question,
      completions: ['Ann has 3+4=7.\nAnn has 7-2=4.'],
      labels: [false],
    });
  });

  it('takes a solution that stops without an answer', () => {
    expect(stepwiseRow({ ...wrong, answer: null, labels: [true, false] })).toMatchObject({
      completions: ['Ann has 3+4=7.', 'Ann has 7-2=4.'],
      labels: [true, false],
    });
  });
});

describe('shepherdRow', () => {
  it('ends each step by the tag in input, and by its sign in label', () => {
    const text = (...ends: string[]) =>
      `${question} Step 1: Ann has 3+4=7. ${ends[0]}\nStep 2: Ann has 7-2=4. ${ends[1]}\nStep 3: The answer is: 4 ${ends[2]}`;
    expect(shepherdRow({ ...wrong, labels: [true, false, false] }, 'world')).toEqual({
      input: text('ки', 'ки', 'ки'),
      label: text('+', '-', '-'),
      task: 'world',
    });
  });

  it('has no tag where there is no label', () => {
    const { input, label } = shepherdRow({ ...wrong, labels: [null, null, false] }, 'world');
    expect(input.match(/ки/g)).toHaveLength(1);
    expect(label).toBe(input.replace('ки', '-'));
  });

  it('refuses texts that hold the tag', () => {
    const russian = { ...wrong, question: 'У Анны 3 открытки.', labels: [true, false, false] };
    expect(() => shepherdRow(russian, 'own')).toThrow(
      expect.objectContaining({ code: 'tag-in-text', message: expect.stringContaining('p-1') }),
    );
  });
});

describe('prompts and completions', () => {
  const start = `${question}\n`;

  it('are a question and its solution', () => {
    expect(studentRow({ problem, question, ...target })).toEqual({
      prompt: start,
      completion: 'Ann has 3+4=7.\nAnn has 7-2=5.\n#### 5',
    });
  });

  it('are a draft and a better solution', () => {
    expect(globalRow({ problem, question, draft: wrong, target })).toEqual({
      prompt: `${start}<|draft|>Ann has 3+4=7.\nAnn has 7-2=4.\n#### 4\n<|revision|>`,
      completion: 'Ann has 3+4=7.\nAnn has 7-2=5.\n#### 5',
    });
  });

  it('are a draft with its first error marked and what is better from there on', () => {
    expect(localRow({ problem, question, draft: wrong, target, location: 2 })).toEqual({
      prompt: `${start}<|draft|>Ann has 3+4=7.\n[BAD]Ann has 7-2=4.\n#### 4\n<|revision|>`,
      completion: 'Ann has 7-2=5.\n#### 5',
    });
  });
});

describe('processBenchRow', () => {
  it('counts the first error from 0', () => {
    const judged = { id: 'p-1#0', question, steps, answer: '4', right: false, firstError: 2 };
    expect(processBenchRow(judged, 'student')).toEqual({
      id: 'p-1#0',
      generator: 'student',
      problem: question,
      steps: ['Ann has 3+4=7.', 'Ann has 7-2=4.', '#### 4'],
      final_answer_correct: false,
      label: 1,
    });
    const right = { ...judged, ...target, right: true, firstError: -1 };
    expect(processBenchRow(right, 'student')).toMatchObject({
      final_answer_correct: true,
      label: -1,
    });
  });
});

import { buildTokenizer, type Example, openTokenizer } from '@glore/engine';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Solution } from '../codec/index.js';
import { createCodec, specialTokens, stripAnnotations } from '../codec/index.js';
import { difficulty, generateProblems, worldTexts } from '../problem/index.js';
import {
  globalExample,
  localExample,
  maskReport,
  rewardExample,
  studentExample,
} from './examples.js';

const tokenizer = openTokenizer(buildTokenizer({ texts: worldTexts(), special: specialTokens }));
const codec = createCodec(tokenizer);
const { ids } = codec;
const spell = (tokens: readonly number[]) => tokenizer.decode(tokens);

const question = 'Fay has 37 shells. Fay finds 148 more. How many shells does Fay have?';
const solved: Solution = { steps: ['Fay has 37+148=185.'], answer: '185' };
const problems = generateProblems({
  split: 'train',
  count: 40,
  seed: 9,
  settings: difficulty(0.5),
});

/** A problem of the world with a solution of random lines, some spelt like special tokens, some without an answer. */
const items = fc.record({
  problem: fc.constant('p'),
  question: fc.constantFrom(...problems.map((problem) => problem.question)),
  steps: fc.array(
    fc.constantFrom(
      ...problems.flatMap(({ steps }) => steps.map(stripAnnotations)),
      'Fay has <|step|><|+|> 3.',
      'x [BAD] y',
    ),
    { maxLength: 5 },
  ),
  answer: fc.constantFrom('185', '-1,200', null),
});
const text = ({ steps, answer }: Solution) =>
  [...steps, ...(answer === null ? [] : [`#### ${answer}`])].join('\n') +
  (answer === null && steps.length > 0 ? '\n' : '');

/** What is read and what is learned after each token: `token`, or `token>target`. */
const pairs = ({ tokens, targets }: Example) =>
  tokens.map((token, t) =>
    targets[t] === -1 ? spell([token]) : `${spell([token])}>${spell([targets[t]!])}`,
  );

/** The learned tokens must be the end of the sequence, each the target of the one before it. */
function expectContinuation({ tokens, targets }: Example, prompt: string, target: string): void {
  const start = targets.findIndex((learned) => learned !== -1) + 1;
  expect(spell(tokens.slice(0, start))).toBe(prompt);
  expect(spell(tokens.slice(start))).toBe(target);
  expect(targets).toEqual(
    tokens.map((_, t) => (t < start - 1 || t === tokens.length - 1 ? -1 : tokens[t + 1])),
  );
}

describe('rewardExample', () => {
  it('learns each label at the tag of its line', () => {
    const record = {
      problem: 'p',
      question: 'Ann has 2.',
      steps: ['Ann has 2+3=5.', 'Ann has 5.'],
      answer: '5',
    };
    const prompt = ['<|bos|>', 'Ann', ' has', ' ', '2', '.', '\n'];
    const tail = [' has', ' '];
    expect(pairs(rewardExample(codec, { ...record, labels: [true, null, false] }))).toEqual([
      ...prompt,
      '<|step|>',
      ...['Ann', ...tail, '2', '+', '3', '=', '5', '.', '\n', '<|step|>><|+|>'],
      ...['Ann', ...tail, '5', '.', '\n', '<|step|>'],
      ...['####', ' ', '5', '<|step|>><|-|>'],
    ]);
  });

  const two = {
    problem: 'p',
    question: 'Ann has 2.',
    steps: ['Ann has 2.', 'Ann has 3.'],
    answer: '3',
  };
  const prompt = ['<|bos|>', 'Ann', ' has', ' ', '2', '.', '\n', '<|step|>'];
  const line = (label: string, number: string) =>
    ['Ann', ' has', ' ', number, '.', '\n'].map((token) => `${token}${label}`);

  it('learns an outcome at every token of the lines too, which weigh as much as their tag', () => {
    const example = rewardExample(codec, { ...two, labels: [false, null, false] }, 'outcome');
    expect(pairs(example)).toEqual([
      ...prompt,
      ...[...line('><|-|>', '2'), '<|step|>><|-|>'],
      ...[...line('', '3'), '<|step|>'],
      ...['####><|-|>', ' ><|-|>', '3><|-|>', '<|step|>><|-|>'],
    ]);
    const { weights, targets } = example;
    const sum = (from: number, to: number) =>
      weights!
        .slice(from, to)
        .reduce((a, b) => a + b, 0)
        .toFixed(9);
    expect(weights).toHaveLength(targets.length);
    expect([sum(8, 14), sum(14, 15), sum(22, 25), sum(25, 26)]).toEqual(
      Array(4).fill((1).toFixed(9)),
    );
  });

  it('learns a step within its line where it is right, or comes after a wrong one', () => {
    const example = rewardExample(codec, { ...two, labels: [true, false, false] }, 'step');
    expect(pairs(example)).toEqual([
      ...prompt,
      ...[...line('><|+|>', '2'), '<|step|>><|+|>'],
      ...[...line('', '3'), '<|step|>><|-|>'],
      ...['####><|-|>', ' ><|-|>', '3><|-|>', '<|step|>><|-|>'],
    ]);
  });

  it('has one tag a line, the labels in order there and no target elsewhere', () => {
    const labelled = items.chain((item) => {
      const length = item.steps.length + (item.answer === null ? 0 : 1);
      const label = fc.constantFrom(true, false, null);
      return fc.tuple(fc.constant(item), fc.array(label, { minLength: length, maxLength: length }));
    });
    fc.assert(
      fc.property(labelled, ([item, labels]) => {
        const { tokens, targets } = rewardExample(codec, { ...item, labels });
        expect(targets).toHaveLength(tokens.length);
        // The first tag only says what the sequence is.
        const tags = tokens.flatMap((token, t) => (token === ids.step ? [t] : [])).slice(1);
        expect(tags.map((t) => targets[t])).toEqual(
          labels.map((label) => (label === null ? -1 : label ? ids.plus : ids.minus)),
        );
        expect(targets.filter((_, t) => !tags.includes(t)).every((target) => target === -1)).toBe(
          true,
        );
        expect(spell(tokens.filter((token) => token !== ids.step))).toBe(
          `<|bos|>${item.question}\n${text(item)}`,
        );
      }),
    );
  });
});

describe('the student and the refiners', () => {
  it('learn to continue after the prompt, and nothing of the prompt', () => {
    const draft: Solution = { steps: ['Fay has 37+148=175.', 'So 175.'], answer: null };
    const target: Solution = { steps: ['Fay has 37+148=185.', 'So 185.'], answer: '185' };
    const record = { problem: 'p', question, draft, target };
    const start = `<|bos|>${question}\n`;
    expectContinuation(
      studentExample(codec, { problem: 'p', question, ...target }),
      start,
      'Fay has 37+148=185.\nSo 185.\n#### 185<|eos|>',
    );
    expectContinuation(
      globalExample(codec, record),
      `${start}<|draft|>Fay has 37+148=175.\nSo 175.\n<|revision|>`,
      'Fay has 37+148=185.\nSo 185.\n#### 185<|eos|>',
    );
    expectContinuation(
      localExample(codec, { ...record, location: 1 }),
      `${start}<|draft|>[BAD]Fay has 37+148=175.\nSo 175.\n<|revision|>`,
      'Fay has 37+148=185.\nSo 185.\n#### 185<|eos|>',
    );
    expectContinuation(
      localExample(codec, { ...record, location: 2 }),
      `${start}<|draft|>Fay has 37+148=175.\n[BAD]So 175.\n<|revision|>`,
      'So 185.\n#### 185<|eos|>',
    );
  });

  it('do so whatever the texts are', () => {
    fc.assert(
      fc.property(items, items, ({ question: asked, ...draft }, target) => {
        const start = `<|bos|>${asked}\n`;
        const revised = `${text(draft)}${draft.answer === null ? '' : '\n'}`;
        const record = { problem: 'p', question: asked, draft, target };
        const whole = `${text(target)}<|eos|>`;
        expectContinuation(studentExample(codec, { ...target, question: asked }), start, whole);
        const middle = `${start}<|draft|>${revised}<|revision|>`;
        expectContinuation(globalExample(codec, record), middle, whole);
        const first = `${start}<|draft|>[BAD]${revised}<|revision|>`;
        expectContinuation(localExample(codec, { ...record, location: 1 }), first, whole);
      }),
    );
  });
});

describe('maskReport', () => {
  it('counts what is learned and leaves out what is too long, whole', () => {
    const examples: Example[] = [
      { tokens: [1, 2, 3], targets: [-1, ids.plus, ids.minus] },
      { tokens: [1, 2, 3, 4], targets: [ids.plus, ids.plus, -1, ids.minus] },
      { tokens: [1, 2, 3], targets: [-1, ids.plus, 40] },
      { tokens: [1, 2, 3, 4, 5], targets: [-1, 40, 41, 42, 43] },
      { tokens: [1], targets: [-1] },
    ];
    expect(maskReport(codec, examples, 3)).toEqual({
      examples: [examples[0], examples[2], examples[4]],
      mask: {
        examples: 3,
        tokens: 7,
        targets: 4,
        lostExamples: 2,
        lostTargets: 7,
        positive: 2,
        negative: 1,
      },
    });
    expect(maskReport(codec, examples, 5).mask).toEqual({
      examples: 5,
      tokens: 16,
      targets: 11,
      lostExamples: 0,
      lostTargets: 0,
      positive: 4,
      negative: 2,
    });
    expect(maskReport(codec, [], 5).mask).toMatchObject({ examples: 0, targets: 0 });
  });

  it('counts labels of reward examples', () => {
    const record = { problem: 'p', question, ...solved };
    const examples = [
      rewardExample(codec, { ...record, labels: [true, true] }),
      rewardExample(codec, { ...record, labels: [true, null] }),
      rewardExample(codec, { ...record, labels: [false, false] }),
    ];
    const { mask } = maskReport(codec, examples, 512);
    expect(mask).toMatchObject({ examples: 3, targets: 5, positive: 3, negative: 2 });
  });
});

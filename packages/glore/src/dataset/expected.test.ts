import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openTokenizer } from '@glore/engine';
import { describe, expect, it } from 'vitest';
import { createCodec } from '../codec/index.js';
import { Random } from '../problem/index.js';
import { expectedExample, withReplacedDigits } from './expected.js';

const base = resolve(import.meta.dirname, '../../../../checkpoints/base/tokenizer.json');
const tokenizer = openTokenizer(readFileSync(base, 'utf8'));
const codec = createCodec(tokenizer);
const solution = { steps: ['Lee has 3+4=7.', 'Lee has 7*20=140.'], answer: '140' };
const random = () => new Random('expected', 1);

describe('withReplacedDigits', () => {
  const digits = (text: string) => text.replaceAll(/\D/g, '');

  it('leaves all of them, or none', () => {
    expect(withReplacedDigits(solution, random(), 0)).toEqual(solution);
    const { steps, answer } = withReplacedDigits(solution, random(), 1);
    for (const [i, step] of [...steps, answer!].entries()) {
      const before = [...solution.steps, solution.answer][i]!;
      // Leading zeros are gone, and nothing else is.
      expect(step.replaceAll(/\d+/g, '#')).toBe(before.replaceAll(/\d+/g, '#'));
      if (digits(step).length === digits(before).length)
        [...digits(step)].forEach((digit, at) => {
          expect(digit).not.toBe(digits(before)[at]);
        });
    }
    expect(withReplacedDigits({ steps: [], answer: null }, random(), 1)).toEqual({
      steps: [],
      answer: null,
    });
  });

  it('replaces their share, and writes no number that begins with 0', () => {
    const stream = random();
    const texts = Array.from({ length: 400 }, () =>
      withReplacedDigits({ steps: ['1'.repeat(20)], answer: '905' }, stream, 0.2),
    );
    const changed = texts.flatMap(({ steps }) => [...steps[0]!.padStart(20, '0')]);
    const share = changed.filter((digit) => digit !== '1').length / changed.length;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.23);
    for (const { answer } of texts) expect(answer).toMatch(/^([1-9]\d*|0)$/);
  });
});

describe('expectedExample', () => {
  const isDigits = (token: number) => /^\d$/.test(tokenizer.decode([token]));
  const spelt = codec.solution(solution);
  const question = 'How many?';

  /** Labels by what they stand after. */
  function labels(logprobs: readonly number[]) {
    const { tokens, targets, weights } = expectedExample(
      codec,
      question,
      solution,
      logprobs,
      isDigits,
    );
    expect(tokens).toEqual(codec.tagged(question, solution).tokens);
    return targets.flatMap((target, at) =>
      target < 0
        ? []
        : [
            {
              after: tokens[at] === codec.ids.step ? 'tag' : tokenizer.decode([tokens[at]!]),
              plus: target === codec.ids.plus,
              weight: weights![at],
            },
          ],
    );
  }

  it('labels each digit of the solution, and each tag, and nothing of the question', () => {
    const found = labels(spelt.map(() => -0.01));
    const digit = (after: string) => ({ after, plus: true, weight: 1 });
    const tag = { after: 'tag', plus: true, weight: 0.5 };
    expect(found).toEqual([
      ...['3', '4', '7'].map(digit),
      tag,
      ...['7', '2', '0', '1', '4', '0'].map(digit),
      tag,
      ...['1', '4', '0'].map(digit),
      tag,
    ]);
  });

  it('a digit is expected from one half on, a line as long as nothing before its end is very unlikely', () => {
    // The result of the first line is a choice, that of the second no expectation at all; then all is as it has to be.
    const digits = spelt.flatMap((token, at) => (isDigits(token) ? [at] : []));
    const logprobs = spelt.map((_, at) =>
      at === digits[2] ? Math.log(0.4) : at === digits[6] ? Math.log(0.05) : -0.01,
    );
    const found = labels(logprobs);
    expect(found.map(({ after, plus }) => (plus ? after : `no ${after}`))).toEqual([
      ...['3', '4', 'no 7', 'tag', '7', '2', '0', 'no 1', '4', '0', 'no tag', '1', '4', '0'],
      'no tag',
    ]);
  });

  it('a line is unlikely by a word of it too', () => {
    const logprobs = spelt.map((_, at) => (at === 0 ? -5 : -0.01));
    expect(labels(logprobs).filter(({ plus }) => !plus)).toHaveLength(3);
  });
});

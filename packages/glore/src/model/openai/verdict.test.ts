import { describe, expect, it } from 'vitest';
import type { Listed } from './choices.js';
import { countVerdicts, numbered, readVerdict } from './verdict.js';

const listed = (chances: Record<string, number>): Listed[] =>
  Object.entries(chances).map(([token, p]) => ({ token, logprob: Math.log(p) }));
const values = (read: readonly { readonly value: number }[]) => read.map(({ value }) => value);

describe('numbered steps', () => {
  it('end with the answer', () => {
    expect(numbered({ steps: ['a=<<1+1=2>>2', ' b '], answer: '2' })).toEqual({
      text: 'Step 1: a=2\nStep 2: b\nStep 3: The answer is 2',
      numberOf: [1, 2, 3],
    });
    expect(numbered({ steps: [], answer: '2' }).numberOf).toEqual([1]);
  });

  it.each([8, 9, 17, 40])('are never more than nine, of %i steps', (count) => {
    const steps = Array.from({ length: count }, (_, i) => `s${i}`);
    for (const answer of [null, '5']) {
      const { text, numberOf } = numbered({ steps, answer });
      expect(numberOf).toHaveLength(count + (answer === null ? 0 : 1));
      expect(numberOf).toEqual(numberOf.toSorted((a, b) => a - b));
      expect(numberOf.at(-1)).toBeLessThanOrEqual(9);
      expect(text.split('\n')).toHaveLength(numberOf.at(-1)!);
      for (const step of steps) expect(text).toContain(step);
    }
  });
});

describe('the value of a line', () => {
  it('is the probability that the first wrong one comes after it', () => {
    const first = listed({ '0': 0.2, ' 0': 0.1, '2': 0.45, '3': 0.05, the: 0.2 });
    const read = readVerdict(first, [1, 2, 3], 5);
    expect(read[0]!.value).toBeCloseTo(1);
    expect(read[1]!.value).toBeCloseTo(0.35 / 0.8);
    expect(read[2]!.value).toBeCloseTo(0.3 / 0.8);
    expect(read[0]!.mass).toBeCloseTo(0.8);
  });

  it('is none where no number is likely', () => {
    expect(() => readVerdict(listed({ the: 0.9 }), [1], 1)).toThrow(/^none of the numbers 0 to 1/);
    // A step that there is not.
    expect(() => readVerdict(listed({ '7': 0.9 }), [1], 1)).toThrow(/^none of the numbers/);
  });

  it('is none where most of the list is missing', () => {
    // vLLM 0.32, whose batch had a request with `logprob_token_ids` in it: 20 were asked for.
    const broken = [
      { token: '2', logprob: -1.2588218450546265 },
      { token: '<|endoftext|>', logprob: -9999 },
    ];
    expect(() => readVerdict(broken, [1, 2, 3], 20)).toThrow(
      /^log-probabilities of 2 tokens, of 20 asked for$/,
    );
    // What is missing changes nothing where one number has nearly all.
    expect(values(readVerdict([{ token: '0', logprob: -0.01 }], [1], 20))).toEqual([1]);
  });

  it('falls from line to line by samples too, and never to nothing', () => {
    const read = values(countVerdicts(['2', 'Step 2.', '0', 'what', '12'], [1, 2, 3]));
    expect(read[0]!).toBeGreaterThan(read[1]!);
    expect(read[1]!).toBeGreaterThan(read[2]!);
    expect(read[2]!).toBeCloseTo((1 + 1 / 4) / 4);
    expect(() => countVerdicts(['what'], [1])).toThrow(/^no number from 0 to 1 in 1 answers/);
  });
});

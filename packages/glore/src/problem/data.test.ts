/** Every gold answer of GSM8K and SVAMP, in the spellings that models use. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { canonical, judge, sameAnswer } from '../reading/index.js';
import { readGsm8k } from './gsm8k.js';
import { readSvamp } from './svamp.js';
import type { Problem } from './types.js';

const data = process.env.GLORE_DATA ?? join(import.meta.dirname, '../../../../../shared/data');
const missing = existsSync(data) ? '' : ` (skipped: no data at ${data}, set GLORE_DATA)`;

describe.skipIf(missing !== '')(`GSM8K and SVAMP${missing}`, () => {
  let gsm8k: Problem[];
  let svamp: Problem[];
  let problems: Problem[];
  beforeAll(() => {
    gsm8k = ['train', 'test'].flatMap((part) => readGsm8k(join(data, `gsm8k/${part}.jsonl`)));
    svamp = readSvamp(join(data, 'svamp/SVAMP.json'));
    problems = [...gsm8k, ...svamp];
  });

  it('reads every problem', () => {
    expect(gsm8k).toHaveLength(8_792);
    expect(svamp).toHaveLength(1_000);
    expect(new Set(problems.map(({ id }) => id)).size).toBe(9_792);
    expect(gsm8k[0]).toMatchObject({
      id: 'train-1',
      answer: '72',
      steps: [
        'Natalia sold 48/2 = <<48/2=24>>24 clips in May.',
        'Natalia sold 48+24 = <<48+24=72>>72 clips altogether in April and May.',
      ],
    });
    expect(gsm8k.filter(({ steps }) => steps.length === 0 || steps.includes(''))).toEqual([]);
  });

  it('joins every SVAMP body to its question', () => {
    expect(svamp[0]!.question).toBe(
      'Each pack of dvds costs 76 dollars. If there is a discount of 25 dollars on each pack, how much do you have to pay to buy each pack?',
    );
    const questions = svamp.map(({ question }) => question);
    // 358 bodies lack a final full stop: 346 end on an open condition, 12 on a whole sentence.
    const conditional = /If [^?]*, (?:how|what|about|together|total) [^?.]*\?$/;
    expect(questions.filter((question) => conditional.test(question))).toHaveLength(346);
    expect(questions.filter((question) => /[a-z0-9] (?:How|What) /.test(question))).toEqual([]);
    expect(new Set(svamp.map(({ structure }) => structure))).toEqual(
      new Set(['Subtraction', 'Addition', 'Multiplication', 'Common-Division']),
    );
  });

  it('judges every gold answer right in every spelling, and without doubt where it is marked', () => {
    // Equal answers have equal spellings, so each is tried once.
    for (const answer of new Set(problems.map((problem) => problem.answer))) {
      const bare = answer.replaceAll(',', '');
      const grouped = Number(bare).toLocaleString('en-US');
      const marked = [
        `#### ${answer}`,
        `It is 3 + 4 = <<3+4=7>>7.\n#### ${bare}`,
        `#### ${bare.replace('-', '\u2212')}`,
        `#### $${grouped}`,
        `#### ${bare}.00`,
        `The answer is ${grouped}.`,
        `The final answer is **${bare} units**. I hope it helps.`,
        `**Answer:** ${grouped}.0`,
        `The answer is 1 + 2 = ${bare}`,
        `so $\\boxed{${grouped.replaceAll(',', '{,}')}}$.`,
        `\\boxed{\\text{${bare} units}}`,
        bare,
        `${grouped} units`,
      ];
      const guessed = [`They have ${grouped} units in total.`, `That makes ${bare}%.`];
      const judged = [...marked, ...guessed].map((text) => ({
        text,
        ...judge({ gold: answer, text }),
      }));
      expect(judged.filter(({ right }) => !right)).toEqual([]);
      expect(judged.filter(({ doubtful }) => doubtful).map(({ text }) => text)).toEqual(guessed);
    }
  });

  it('judges every gold solution right, and wrong against the next different answer', () => {
    const solution = ({ steps, answer }: Problem) => [...steps, `#### ${answer}`].join('\n');
    const wrong = gsm8k.filter(
      (problem) => !judge({ gold: problem.answer, text: solution(problem) }).right,
    );
    expect(wrong).toEqual([]);
    const wronglyRight = gsm8k.slice(1).filter((problem, index) => {
      const other = gsm8k[index]!.answer;
      return (
        value(other) !== value(problem.answer) &&
        judge({ gold: other, text: solution(problem) }).right
      );
    });
    expect(wronglyRight).toEqual([]);
  });

  it('is never surely wrong about a gold solution, however it is written', () => {
    const forms: ((steps: string, answer: string) => string)[] = [
      (steps, answer) =>
        `<think>\n${steps}\nSo the answer is 123456789.\n</think>\n\n#### ${answer}`,
      (steps, answer) => `${steps}\n</think>\nThe answer is ${answer}.`,
      (steps, answer) =>
        `<|channel|>analysis<|message|>${steps}<|end|><|start|>assistant<|channel|>final<|message|>\\boxed{${answer}}`,
      (steps, answer) => `${steps}\n<answer>${answer}</answer>`,
      (steps, answer) => `${steps}\n\nFinal answer:\n\n\\[\n${answer}\n\\]`,
      (steps, answer) => `#### Step 1\n${steps}\n\n**#### ${answer}**`,
      (steps, answer) =>
        `${steps}\n#### ${answer}\n\nQuestion: Bo has 2, and 5 more?\nAnswer: 7\n#### 123456789`,
      (steps, answer) =>
        `${steps}\nThe answer is ${answer.replace('-', 'minus ')} because of all that.`,
      (steps, answer) => `${steps}\nThe answer is ${answer.replaceAll(',', ' ')}.`,
      (steps) => steps,
    ];
    const faults: string[] = [];
    let sure = 0;
    for (const [i, { answer, steps }] of gsm8k.entries()) {
      const other = gsm8k[(i + 1) % gsm8k.length]!.answer;
      for (const form of forms) {
        const text = form(steps.join('\n'), answer);
        const { right, doubtful } = judge({ gold: answer, text });
        if (!doubtful) sure++;
        if (!right && !doubtful) faults.push(text);
        if (value(other) === value(answer)) continue;
        const wrong = judge({ gold: other, text });
        if (wrong.right && !wrong.doubtful) faults.push(text);
      }
    }
    expect(faults).toEqual([]);
    // All forms but the last, which marks nothing.
    expect(sure / gsm8k.length).toBeGreaterThan(0.98 * (forms.length - 1));
  });

  it('judges no two different gold answers equal', () => {
    // One key for each value and one value for each key: equality of keys is equality of values, for all pairs.
    const keys = new Map<number, string>();
    const values = new Map<string, number>();
    for (const answer of new Set(problems.map((problem) => problem.answer))) {
      const { key } = canonical(answer)!;
      expect(keys.get(value(answer)) ?? key).toBe(key);
      expect(values.get(key) ?? value(answer)).toBe(value(answer));
      keys.set(value(answer), key);
      values.set(key, value(answer));
      for (const other of [
        `-${answer}`,
        `${answer}0`,
        `1${answer}`,
        `${answer}.5`,
        `0.${answer}`,
      ]) {
        // 0.1,080 is no number, and so no other answer.
        const equal = value(other) === value(answer);
        expect([answer, other, sameAnswer(answer, other)]).toEqual([answer, other, equal]);
      }
    }
    expect(keys.size).toBeGreaterThan(1_000);
  });

  it('finds the answers of 97% of gold solutions without their markers', () => {
    // The others end on another number: "... reads 100*7=700 pages in 7 days".
    const right = gsm8k.filter(
      ({ answer, steps }) => judge({ gold: answer, text: steps.join('\n') }).right,
    );
    expect(right.length / gsm8k.length).toBeGreaterThan(0.97);
  });
});

/** Gold answers are short enough for ordinary numbers to be exact. */
function value(answer: string): number {
  return Number(answer.replaceAll(',', ''));
}

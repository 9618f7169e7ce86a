/** What may be written around an answer without changing it, and what changes it: every combination of both with every mark. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSolution, renderSolution } from '../codec/index.js';
import { judge } from './judge.js';
import { extractAnswer } from './read.js';

const number = fc.integer({ min: 2, max: 9_999 });

/** Ways to say that x is the answer. */
const marks: ((x: string) => string)[] = [
  (x) => `Work.\n#### ${x}`,
  (x) => `**#### ${x}**`,
  (x) => `#### 3 * 4 = ${x}`,
  (x) => `So \\boxed{${x}}.`,
  (x) => `The answer is \\(\\boxed{${x}}\\)`,
  (x) => `\\boxed{\\text{${x}}}`,
  (x) => `The answer is ${x}.`,
  (x) => `Therefore, the final answer is: ${x}`,
  (x) => `**Answer:** **${x}**`,
  (x) => `### Answer\n\n**${x}**`,
  (x) => `<answer>${x}</answer>`,
];

const split = (list: string): string[] =>
  list
    .trim()
    .split(/ *\n */)
    .filter((line) => line !== '');

/** After a number they make another one of it, or several, or none. */
const changing = [
  ...split(String.raw`
    \pi
    π
    x
    xy
    n
    ^2
    ²
    ^{2}
    ^n
    !
    _5
    _{5}
    ₅
    /2
    ÷2
    ⁄2
    \div 2
    :30
    -6
    +1
    *2
    ×2
    \cdot 2
    ½
    .5
    .5.5
    k
    M
    \sqrt{2}
    √2
    i
    e5
    e
    \frac{1}{2}
    (x+1)
    (2)
    \overline{3}
    .\overline{3}
    /x
    {,}000
    '000
    ;6
  `),
  ...split(String.raw`
    pi
    \over 2
    to 6
    to the fifth power
    or 6
    or six
    and 6
    and a half
    1/2
    dozen
    thousand
    million
    lakh
    squared
    thirds
    half
    ± 2
    \pm 2
    < x
    \leq x
    + 2i
    × 10^3
    remainder 2
    mod 3
    base 4
    hours 30 minutes
    dollars and 50 cents
    plus tax
    minus 3
    divided by 3
    over 2
    out of 20
    degrees below zero
    000
    or so
  `).map((words) => ` ${words}`),
];

/** Before a number they do the same. */
const before = split(String.raw`
  -
  −
  minus
  negative
  0.
  .
  1,
  ±
  \pm
  √
  \sqrt
  x >
  >
  <
  ≈
  ~
  about
  2x =
  x^2 =
  3:
  3/
  between 2 and
  at least
  2 or
  2,
  log
  5 choose
  2 \times
  twenty-
  half of
  !=
`).map((words) => (/[a-z>=<±]$/.test(words) ? `${words} ` : words));

/** After a number they leave it what it is. */
const harmless = [
  ...[
    '',
    '.',
    ' .',
    '.0',
    '.00',
    '°',
    '\\text{ clips}',
    '~\\text{cm}',
    '-foot',
    '; done',
    ': done',
    '個',
    ' 개',
    '\\ ',
  ],
  ...split(`
    clips
    dollars
    because that is so
    since we added
    as shown
    so we are done
    (in total)
    altogether
    per day
    ✅
    cm^2
    m²
    which is it
    and nothing else
    left
    miles per hour
    of them
    cups of flour
    for lunch
    — done
    – done
    (see above)
    people
    a day
    is what she has
    in the box
  `).map((words) => ` ${words}`),
];

const thoughts = [
  '12',
  'the answer is 12.',
  '#### 12',
  '\\boxed{12}',
  '<answer>12</answer>',
  'Question: 12?',
  'Wait, no. 12',
  '',
];
const thinking: ((thought: string) => string)[] = [
  (t) => `<think>${t}</think>`,
  (t) => `<think>\n${t}\n</think>\n\n`,
  (t) => `${t}\n</think>\n`,
  (t) => `<thinking>${t}</thinking>\n`,
  (t) => `[THINK]${t}[/THINK]`,
  (t) => `<reasoning>\n${t}\n</reasoning>\n`,
  (t) => `<|channel|>analysis<|message|>${t}<|end|><|start|>assistant<|channel|>final<|message|>`,
  (t) => `<think>${t}</think><think>${t}</think>`,
  (t) => `<think>${t}<think>${t}</think>${t}</think>`,
  () => '',
];
const goingOn = [
  '',
  '\n',
  '\n\nQuestion: Bo has 2 and buys 5.\nAnswer: 7\n#### 7',
  '\nQ: 2+5?\nA: The answer is 7.',
  '\n\nProblem: Bo\nSolution: \\boxed{7}',
  '\n\n**Problem 2.** Bo has 7.\n\nThe answer is 7.',
  '\n\n## Question 2\n\n<answer>7</answer>',
  '\n\n### Instruction:\nBo\n\n### Response:\n#### 7',
  '\n\nUser: #### 7',
  '<|im_end|>\n<|im_start|>user\nBo #### 7',
  '<|eot_id|><|start_header_id|>user<|end_header_id|>\n\n#### 7',
  '</s>#### 7',
  '<|endoftext|>\\boxed{7}',
];

describe('an answer', () => {
  it('is the same after any reasoning and before any other problem, and so is the solution', () => {
    const parts = [marks, thinking, thoughts, goingOn].map((list) => fc.constantFrom(...list));
    fc.assert(
      fc.property(
        number,
        parts[0]!,
        parts[1]!,
        parts[2]!,
        parts[3]!,
        (n, mark, think, thought, end) => {
          const [say, wrap] = [mark, think] as ((x: string) => string)[];
          const text = wrap!(thought as string) + say!(`${n}`) + (end as string);
          expect(judge({ gold: `${n}`, text })).toMatchObject({ right: true, doubtful: false });
          const solution = parseSolution(text);
          expect(solution).toEqual(parseSolution(say!(`${n}`)));
          expect(judge({ gold: `${n}`, text: solution.answer! }).right).toBe(true);
          expect(() => renderSolution(solution)).not.toThrow();
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it.each(harmless)('is the same with %j after it', (after) => {
    for (const mark of marks) {
      const text = mark(`18${after}`);
      expect([text, judge({ gold: '18', text }).right]).toEqual([text, true]);
    }
  });

  it.each(changing)('is not surely the number before %j', (after) => {
    for (const mark of marks) {
      for (const n of [5, 40]) {
        const text = mark(`${n}${after}`);
        const { right, doubtful } = judge({ gold: `${n}`, text });
        expect([text, right && !doubtful]).toEqual([text, false]);
      }
    }
  });

  it.each(before)('is not surely the number after %j', (words) => {
    for (const mark of marks) {
      const text = mark(`${words}5`);
      const { right, doubtful } = judge({ gold: '5', text });
      expect([text, right && !doubtful]).toEqual([text, false]);
    }
  });

  it('of a draft is the one that is found in its text, unless that is a guess', () => {
    const piece = fc.constantFrom(
      ...marks.map((mark) => mark('18')),
      ...marks.map((mark) => mark('7')),
      ...[
        ...goingOn,
        ...thoughts,
        ...changing,
        ...harmless,
        '<think>',
        '</think>',
        '\n',
        ' ',
        'text',
        '18',
        '####',
      ],
    );
    const texts = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const found = extractAnswer(text);
        const solution = parseSolution(text);
        if (found && found.how !== 'last-number') expect(solution.answer).toBe(found.value);
        expect(() => renderSolution(solution)).not.toThrow();
      }),
      { numRuns: 2_000 },
    );
  });
});

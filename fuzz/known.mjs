/** Texts that are known to give an answer, or to give another, since they were made so. */

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'x x twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** A whole number below a million in English words. */
export function inWords(n) {
  if (n < 20) return ones[n];
  if (n < 100) return tens[Math.floor(n / 10)] + (n % 10 ? `-${ones[n % 10]}` : '');
  const [unit, name] = n < 1000 ? [100, 'hundred'] : [1000, 'thousand'];
  const rest = n % unit;
  const joined = rest === 0 ? '' : ` ${unit === 100 ? 'and ' : ''}${inWords(rest)}`;
  return `${inWords(Math.floor(n / unit))} ${name}${joined}`;
}

const grouped = (n, by) => String(n).replace(/\B(?=(\d{3})+$)/g, by);
const superscript = (n) => String(n).replace(/\d/g, (d) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[d]);
const fullwidth = (n) => String(n).replace(/\d/g, (d) => '０１２３４５６７８９'[d]);
const units = [
  'apples',
  'dollars',
  'hours',
  'meters',
  'clips',
  'students',
  'cookies',
  'miles per hour',
];

/** Ways to write a whole number above 2 that mean no other. */
export const spellingsOf = (n, random) => [
  `${n}`,
  `${n}.`,
  `${n}.0`,
  `**${n}**`,
  `$${n}$`,
  `\\(${n}\\)`,
  `\\text{${n}}`,
  grouped(n, ','),
  grouped(n, '{,}'),
  grouped(n, '\\,'),
  fullwidth(n),
  `${n} ${random.of(units)}`,
  `\\$${n}`,
  inWords(n),
  `\\frac{${2 * n}}{2}`,
  `${2 * n}/2`,
  `+${n}`,
  `\\mathbf{${n}}`,
  `\`${n}\``,
  `<b>${n}</b>`,
  ` ${n} `,
];

/** What starts like a number above 2, or holds it, and is another. */
export const otherThan = (n, random) => [
  `${n}\\pi`,
  `${n}π`,
  `${n}\\sqrt{${random.of([2, 3, 5, 7])}}`,
  `${n}√2`,
  `${n}²`,
  `${n}${superscript(random.whole(2, 9))}`,
  `${n}^2`,
  `${n}^{3}`,
  `${n}x`,
  `${n}x + 1`,
  `${n} \\pm 2`,
  `${n} ± 1`,
  // Nobody takes a factorial of more; there it is a shout.
  ...(n < 1000 ? [`${n}!`] : []),
  `${n} to ${n + 1}`,
  `${n}-${n + 3}`,
  `${n}–${n + 3}`,
  `${n} or ${n + 1}`,
  `${n} < x`,
  `x > ${n}`,
  `${n}/${n + 1}`,
  `${n}⁄${n + 1}`,
  `${n}÷${n + 1}`,
  `\\frac{${n}}{${n + 1}}`,
  `${n} \\over ${n + 1}`,
  `${n}:${n + 1}`,
  `${n} thousand`,
  `${n} million`,
  `${n}k`,
  `${n}e3`,
  `${n} × 10⁶`,
  `${n} \\times 10^{2}`,
  `-${n}`,
  `−${n}`,
  `minus ${n}`,
  `negative ${n}`,
  `${n}.5`,
  `${n},5`,
  `${n} 1/2`,
  `${n}½`,
  `${n} and a half`,
  `${n} dozen`,
  `${n}i`,
  `0.${n}`,
  `1${n}`,
  `${n}0`,
  `\\sqrt{${n}}`,
  `\\log ${n}`,
  `(${n}, ${n + 1})`,
  `${n}; ${n + 2}`,
  `\\{${n}, ${n + 1}\\}`,
  `${n} feet ${n + 1} inches`,
  `${n} × ${n}`,
  `${n} \\cdot ${n}`,
  `${n} + ${n}`,
  `${n} - 1`,
  `one ${n}th`,
];

/** Lines of a solution that give no answer, with other numbers. */
const steps = (random, n) =>
  random.several(
    [
      `Mia has ${n + 7} + 4 = ${n + 11} stamps.`,
      `First, ${n + 3} - 1 = ${n + 2}.`,
      `Step 1: multiply ${n + 1} by 3 to get ${3 * (n + 1)}.`,
      `We know that 2 boxes hold <<2*${n + 5}=${2 * (n + 5)}>>${2 * (n + 5)} pens.`,
      'Let x be what is left.',
      `#### Step ${random.whole(1, 3)}`,
      `There are ${n + 13} of them in all, of which some go.`,
      '',
    ],
    0,
    4,
  );

/** How an answer is said so that it is one beyond question. */
const said = (answer, random) =>
  random.of([
    `#### ${answer}`,
    `**#### ${answer}**`,
    `#### Answer: ${answer}`,
    `\\boxed{${answer}}`,
    `$\\boxed{${answer}}$`,
    `The answer is \\boxed{${answer}}.`,
    `<answer>${answer}</answer>`,
    `The answer is ${answer}`,
    `The final answer is: ${answer}`,
    `**Answer:** ${answer}`,
    `Answer:\n${answer}`,
  ]);

/** What comes before a solution and is none of it. */
const thinking = (random, n) =>
  random.of([
    `<think>Is it ${n + 1}? The answer is ${n + 1}.\n#### ${n + 1}</think>\n`,
    `<thinking>\\boxed{${n + 2}}</thinking>`,
    `[THINK]#### ${n + 4}[/THINK]\n`,
    `<think>\n\n</think>\n\n`,
    `hm, the answer is ${n + 1}, no\n</think>\n`,
    `<|channel|>analysis<|message|>#### ${n + 1}<|end|><|start|>assistant<|channel|>final<|message|>`,
    `<reasoning>#### ${n + 9}</reasoning>\n`,
  ]);

/** What comes after a solution and is none of it. */
const runOn = (random, n) =>
  random.of([
    `\n\nQuestion: Bo has ${n + 1} pens. How many has Bo?\nAnswer: ${n + 1}\n#### ${n + 1}`,
    `\n\nProblem 2: And ${n + 2}?\n\\boxed{${n + 2}}`,
    `<|im_end|>\n<|im_start|>user\nMore?<|im_end|>\n<|im_start|>assistant\n#### ${n + 1}`,
    `</s>#### ${n + 1}`,
    `<|eot_id|>#### ${n + 3}`,
    '\n',
    '  ',
  ]);

/**
 * A text whose answer is known.
 *
 * @returns {{gold: string, text: string, expect: 'right' | 'wrong'}} that the text gives the gold answer, or another or none
 */
export function known(random) {
  const n = random.of([random.whole(3, 20), random.whole(21, 999), random.whole(1000, 99_999)]);
  const gold = random.of([
    String(n),
    String(n),
    `#### ${n}`,
    grouped(n, ','),
    `2 + 3 = 5\n#### ${n}`,
  ]);
  const right = random.chance(0.5);
  const answer = random.of(right ? spellingsOf(n, random) : otherThan(n, random));
  const body = [...steps(random, n), said(answer, random)].join('\n');
  const before = random.chance(0.3) ? thinking(random, n) : '';
  const after = random.chance(0.3) ? runOn(random, n) : '';
  if (!right && random.chance(0.1)) {
    // Cut off while it thinks: there is no answer yet.
    return {
      gold,
      text: `<think>${steps(random, n).join('\n')}\nso the answer is ${n}`,
      expect: 'wrong',
    };
  }
  return { gold, text: before + body + after, expect: right ? 'right' : 'wrong' };
}

/** Texts that are known to give an answer, or to give another, since they were made so. */

const ones =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const tens = 'x x twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');

/** A whole number below a million in English words. */
function inWords(n) {
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
const arabic = (n) => String(n).replace(/\d/g, (d) => '٠١٢٣٤٥٦٧٨٩'[d]);
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
const spellingsOf = (n, random) => [
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
  `${n} (${inWords(n)})`,
  `exactly ${n}`,
  `${n} in total`,
  `${n} apples left`,
  `$${n}$ apples`,
  `\\mathrm{${n}}`,
  `{${n}}`,
  `\\displaystyle ${n}`,
  `${n}\\text{ apples}`,
  `${n}~\\mathrm{cm}`,
  `x = ${n}`,
  `x=${n}`,
  `= ${n}`,
  `${n}.00`,
  grouped(n, ' '),
  grouped(n, '\u202f'),
  `USD ${n}`,
  `${n} USD`,
  `€${n}`,
  `${n} €`,
  `\\textbf{${n}}`,
  `\\underline{${n}}`,
  `**${n} apples**`,
  `__${n}__`,
  `*${n}*`,
  `"${n}"`,
  `$$${n}$$`,
  `\\[${n}\\]`,
  `<strong>${n}</strong>`,
  `\\color{red}{${n}}`,
  arabic(n),
];

/** What starts like a number above 2, or holds it, and is another. */
const otherThan = (n, random) => [
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
  `${n} \\times 3`,
  `${n}*3`,
  `${n} times 3`,
  `twice ${n}`,
  `half of ${n}`,
  `${n} squared`,
  `${n} cubed`,
  `${n} percent of 50`,
  `${n} less than 5000`,
  `more than ${n}`,
  `less than ${n}`,
  `between ${n} and ${n + 1}`,
  `${n} out of ${n + 1}`,
  `${n} in ${n + 4}`,
  `${n} base 12`,
  `${n}_{12}`,
  `${n} mod 7`,
  `${n}^{-1}`,
  `\\frac{1}{${n}}`,
  `1/${n}`,
  `${n}\\frac{1}{2}`,
  `${n} hundred`,
  `${n} lakh`,
  `${n}\\,000`,
  `${n}.000.000`,
  `${n + 1} or ${n}`,
  `either ${n} or ${n + 1}`,
  `not ${n}`,
  `x \\neq ${n}`,
  `x ≠ ${n}`,
  `${n} + C`,
  `${n}\\text{ or }${n + 1}`,
  `${n}\\overline{3}`,
  `0.\\overline{${n}}`,
  `\\binom{${n}}{2}`,
  `\\sum_{k=1}^{${n}} k`,
  `[${n}, ${n + 2}]`,
  `${n}\\cos x`,
  `\\ln ${n}`,
  `e^{${n}}`,
  `2^{${n}}`,
  `\\sqrt[${n}]{2}`,
  `${n} \\bmod 7`,
  `${n} remainder 2`,
  `${n}+`,
  `>${n}`,
  `~${n}.3`,
  `${n}\\cdot 10^3`,
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

/** Gold answers of every sort: how each is spelt, how it is said, and what is another. `n` is a number near by. */
const subjects = {
  whole(random) {
    const n = random.of([random.whole(3, 20), random.whole(21, 999), random.whole(1000, 99_999)]);
    const golds = [`${n}`, `${n}`, `#### ${n}`, grouped(n, ','), `2 + 3 = 5\n#### ${n}`];
    return { n, golds, right: spellingsOf(n, random), other: otherThan(n, random) };
  },
  negative(random) {
    const n = random.whole(3, 9999);
    return {
      ...{ n, golds: [`-${n}`, `#### -${n}`, `−${n}`] },
      right: [
        `-${n}`,
        `−${n}`,
        `minus ${n}`,
        `negative ${n}`,
        `$-${n}$`,
        `-${n}.0`,
        `-${n} dollars`,
      ],
      other: [
        `${n}`,
        `+${n}`,
        `-${n}x`,
        `-${n}.5`,
        `-${n}0`,
        `-${n}\\pi`,
        `-${n}/2`,
        `-${n}²`,
        `-1${n}`,
      ],
    };
  },
  decimal(random) {
    const [w, c] = [random.whole(1, 999), 10 * random.whole(0, 9) + random.whole(1, 8)];
    const pad = (cents) => String(cents).padStart(2, '0');
    const d = `${w}.${pad(c)}`;
    const cents = 100 * w + c;
    return {
      ...{ n: w, golds: [d, `$${d}`, `#### ${d}`] },
      right: [
        d,
        `\\$${d}`,
        `${d} dollars`,
        `${d}0`,
        `\\frac{${cents}}{100}`,
        `**${d}**`,
        fullwidth(d),
      ],
      other: [
        `${w}`,
        `${d}5`,
        `${w}${pad(c)}`,
        `${w}.${pad(c + 1)}`,
        `-${d}`,
        `${d}\\pi`,
        `${d} million`,
        `${d}²`,
      ],
    };
  },
  fraction(random) {
    const [a, b] = random.of([
      [1, 3],
      [2, 3],
      [3, 4],
      [5, 6],
      [7, 8],
      [4, 9],
      [11, 12],
    ]);
    return {
      ...{ n: 20, golds: [`${a}/${b}`, `\\frac{${a}}{${b}}`, `#### ${a}/${b}`] },
      right: [
        `${a}/${b}`,
        `\\frac{${a}}{${b}}`,
        `\\dfrac{${a}}{${b}}`,
        `${a} \\over ${b}`,
        `${a}⁄${b}`,
        `${2 * a}/${2 * b}`,
        `${a}/${b} cups`,
      ],
      other: [
        `${a}`,
        `${b}`,
        `${b}/${a}`,
        `-${a}/${b}`,
        `${a}.${b}`,
        `\\sqrt{\\frac{${a}}{${b}}}`,
        `1 ${a}/${b}`,
        `\\frac{${a}}{${b}}\\pi`,
        `${a}/${b + 1}`,
      ],
    };
  },
  percent(random) {
    const n = random.whole(3, 98);
    return {
      ...{ n, golds: [`${n}%`, `${n} percent`, `#### ${n}%`] },
      right: [`${n}%`, `${n}\\%`, `${n} percent`, `${n} pct`, `${n}.0%`, `${inWords(n)} percent`],
      other: [`${n + 1}%`, `${n}.5%`, `-${n}%`, `${n}0%`, `${n} to ${n + 5}%`, `${n} thousand`],
    };
  },
  option(random) {
    const [letter, next] = random.of(['AB', 'BC', 'CD', 'DE', 'EA']);
    const spelt = (one) => [one, `(${one})`, `\\text{${one}}`, `\\textbf{(${one})}`, `**${one}**`];
    return { n: 20, golds: [letter, `(${letter})`], right: spelt(letter), other: spelt(next) };
  },
  word(random) {
    const [word, next] = random.of([
      ['blue', 'red'],
      ['Tuesday', 'Monday'],
      ['triangle', 'square'],
      ['yes', 'no'],
    ]);
    const spelt = (one) => [one, `**${one}**`, `\\text{${one}}`, one.toUpperCase(), `"${one}"`];
    return {
      n: 20,
      golds: [word, `The answer is ${word}.`],
      right: spelt(word),
      other: spelt(next),
    };
  },
};

const taken = ['\nWait, that is wrong. ', '\nHmm, let me check. No: ', '\n\nActually, ', '\n'];

/** What changes nothing of what is said. */
const noise = [
  (text) => text.replaceAll('\n', '\r\n'),
  (text) => `\ufeff${text}`,
  (text) => `${text}\n\n`,
  (text) => text.replaceAll('\n', ' \n\n'),
  (text) => `  ${text.replaceAll('\n', '\n  ')}`,
  (text) => `> ${text.replaceAll('\n', '\n> ')}`,
  (text) => text.replaceAll('.\n', '.\u200b\n'),
];

/**
 * A text whose answer is known.
 *
 * @returns {{gold: string, text: string, expect: 'right' | 'wrong'}} that the text gives the gold answer, or another or none
 */
export function known(random) {
  const kind = random.chance(0.5) ? 'whole' : random.of(Object.keys(subjects));
  const { n, golds, right, other } = subjects[kind](random);
  const gold = random.of(golds);
  const isRight = random.chance(0.5);
  if (!isRight && random.chance(0.1)) {
    // Cut off while it thinks: there is no answer yet.
    const thought = [...steps(random, n), `so the answer is ${random.of(right)}`].join('\n');
    return { gold, text: `<think>${thought}`, expect: 'wrong' };
  }
  const [final, first] = isRight ? [right, other] : [other, right];
  let body = [...steps(random, n), said(random.of(final), random)].join('\n');
  // What is said last is what is meant, though it may be doubted.
  if (random.chance(0.1)) body = said(random.of(first), random) + random.of(taken) + body;
  const before = random.chance(0.3) ? thinking(random, n) : '';
  const after = random.chance(0.3) ? runOn(random, n) : '';
  const text = before + body + after;
  return {
    gold,
    text: random.chance(0.2) ? random.of(noise)(text) : text,
    expect: isRight ? 'right' : 'wrong',
  };
}

/** GSM8K's gold solutions as models would write them, and what a grader has to say of each. */

/** `steps` is a solution without its last line, `answer` that of it; `other` is a number that is not the answer. */
export const forms = {
  'as it is': ({ steps, answer }) => `${steps}\n#### ${answer}`,
  boxed: ({ steps, answer }) => `${steps}\nSo $\\boxed{${answer}}$.`,
  'boxed, thousands in LaTeX': ({ steps, answer }) =>
    `${steps}\n$\\boxed{${grouped(answer, '{,}')}}$`,
  phrase: ({ steps, answer }) => `${steps}\nThe answer is ${answer}.`,
  'phrase, with its reason': ({ steps, answer }) =>
    `${steps}\nThe answer is ${answer} because of this.`,
  'bold label': ({ steps, answer }) => `${steps}\n\n**Answer:** $${grouped(answer, ',')}`,
  'label, then a line': ({ steps, answer }) =>
    `${steps}\n\nFinal answer:\n\n\\[\n${answer}\n\\]\n\nIt took ${other} words.`,
  'think block': ({ steps, answer }) =>
    `<think>\n${steps}\nSo ${other}? No.\n</think>\n\nThe answer is ${answer}.`,
  'think block cut off': ({ steps, answer }) =>
    `<think>\n${steps}\nSo the answer is ${answer}? Let me see`,
  'answer tag, then a check': ({ steps, answer }) =>
    `${steps}\n<answer>${answer}</answer>\nCheck: ${other} - 1 = ${other - 1}`,
  'another problem follows': ({ steps, answer }) =>
    `${steps}\n#### ${answer}\n\nQuestion: Bo has 2 and buys 5. How many has Bo?\nAnswer: 2+5=7\n#### ${other}`,
  'headings for steps': ({ steps, answer }) =>
    `${steps
      .split('\n')
      .map((step, i) => `#### Step ${i + 1}\n${step}`)
      .join('\n\n')}\n\n**#### ${answer}**`,
  'several answers': ({ steps, answer }) => `${steps}\nThe answer is ${answer} or ${other}.`,
  'times pi': ({ steps, answer }) => `${steps}\n\\boxed{${answer}\\pi}`,
  'spaces for thousands': ({ steps, answer }) => `${steps}\n#### ${grouped(answer, ' ')}`,
  'no mark': ({ steps }) => steps,
};

/** Forms that do not give the answer, though it stands in them. */
export const wrong = new Set(['think block cut off', 'several answers', 'times pi']);

const other = 41;
const grouped = (answer, separator) =>
  answer
    .replaceAll(',', '')
    .replace(/\d+/, (digits) => digits.replace(/\B(?=(?:\d{3})+$)/g, separator));

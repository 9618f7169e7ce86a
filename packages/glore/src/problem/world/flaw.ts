/**
 * Worked solutions with at most one flaw, to pretrain a base model on judging and on revising: a slip in a result, or a
 * misreading of the story. What follows a flaw is worked out from it, as a weak solver would.
 */
import type { Operator } from './arithmetic.js';
import { CONFUSED, slip } from './drill.js';
import { quantitiesOf, relevance, solve, valuesOf } from './quantity.js';
import type { Random } from './random.js';
import { parseStory, type Story } from './story.js';

/** Steps without annotations, the right and the flawed ones, each with its answer. */
export interface Attempt {
  readonly right: { readonly steps: readonly string[]; readonly answer: string };
  readonly written: { readonly steps: readonly string[]; readonly answer: string };
  /** The first line that is wrong, counted from 1, the answer line being the last; -1 if none is. */
  readonly firstWrong: number;
}

/** One step before it is written: whose quantity, from which number, by how much. */
interface Draft {
  owner: string;
  left: number;
  operator: Operator;
  amount: number;
  result: number;
}

/** What a flaw may use: the numbers of the story that do not belong here, and its people. */
interface Material {
  readonly numbers: readonly number[];
  readonly people: readonly string[];
}

/** Changes a step; the quantity goes on from its result. */
type Change = (random: Random, step: Draft, material: Material) => void;

/** A weak solver's arithmetic after an error: no fractions, nothing below zero. */
const work: Readonly<Record<Operator, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => Math.abs(a - b),
  '*': (a, b) => a * b,
  '/': (a, b) => (b === 0 ? 0 : Math.floor(a / b)),
};

const again = (step: Draft): void => {
  step.result = work[step.operator](step.left, step.amount);
};

function otherDigit(random: Random, value: number): number {
  const digits = [...String(value)].map(Number);
  const place = random.integer(0, digits.length - 1);
  digits[place] = (digits[place]! + random.integer(1, 9)) % 10;
  return Number(digits.join(''));
}

/** Another number of the story, or the same one with a wrong digit. */
const misread = (random: Random, value: number, numbers: readonly number[]): number =>
  random.chance(0.6) && numbers.length > 0 ? random.pick(numbers) : otherDigit(random, value);

const CHANGES = {
  result: (random, step) => {
    const { left, operator, amount, result } = step;
    step.result = slip(random, [left, amount], operator, result);
  },
  amount: (random, step, { numbers }) => {
    step.amount = misread(random, step.amount, numbers);
    again(step);
  },
  left: (random, step, { numbers }) => {
    step.left = misread(random, step.left, numbers);
    again(step);
  },
  operator: (_, step) => {
    step.operator = CONFUSED[step.operator];
    again(step);
  },
  owner: (random, step, { people }) => {
    step.owner = random.pick(people);
  },
} satisfies Record<string, Change>;

/** Weights of the flaws of one step, and of the solution's course: a step left out, one too many, an early or wrong end. */
const FLAWS = {
  result: 5,
  amount: 2,
  left: 1.5,
  operator: 1,
  owner: 0.5,
  skip: 2,
  extra: 1,
  stop: 1.5,
  answer: 0.5,
} as const;

/** A solution of a problem of the built-in world, with a flaw by the chance `flawed`. */
export function flawedAttempt(random: Random, question: string, flawed: number): Attempt {
  const story = parseStory(question);
  const { steps, answer } = solve(story);
  const right = {
    steps: steps.map((step) => step.replace(/<<.*?>>/g, '')),
    answer: String(answer),
  };
  if (!random.chance(flawed)) return { right, written: right, firstWrong: -1 };
  for (;;) {
    const written = writeFlawed(random, story);
    const [gold, own] = [right, written].map((item) => [...item.steps, `#### ${item.answer}`]);
    const at = own!.findIndex((line, i) => line !== gold![i]);
    // A flaw without effect, such as the same number read elsewhere, or numbers that no world prints.
    if (at < 0 || written.steps.length === 0) continue;
    return { right, written, firstWrong: at + 1 };
  }
}

function writeFlawed(random: Random, story: Story): { steps: string[]; answer: string } {
  const { quantities, asked } = quantitiesOf(story);
  const amounts = story.events.map(({ amount }) => amount);
  const relevant = relevance(quantities, asked);
  const places = [...quantities.keys()].filter(
    (place) => relevant[place] && quantities[place]!.operator !== undefined,
  );
  const kind = random.weighted(FLAWS);
  const flawedPlace = random.pick(places);
  const values = valuesOf(quantities, amounts);
  const steps: string[] = [];
  const results: number[] = [];
  const write = ({ owner, left, operator, amount, result }: Draft) => {
    steps.push(`${owner} ${left}${operator}${amount}=${result}.`);
    results.push(result);
  };
  for (const place of places) {
    const { owners, operator, parts, event } = quantities[place]!;
    const left = values[parts[0]!]!;
    const amount = parts.length === 2 ? values[parts[1]!]! : amounts[event]!;
    const owner = owners.length === 1 ? `${owners[0]} has` : 'Together they have';
    const step: Draft = { owner, left, operator: operator!, amount, result: 0 };
    again(step);
    if (place === flawedPlace) {
      const numbers = [...new Set([...amounts, ...results])].filter(
        (number) => number !== left && number !== amount,
      );
      if (kind === 'stop') break;
      if (kind === 'skip') {
        values[place] = left;
        continue;
      }
      if (kind === 'extra' && numbers.length > 0) {
        const extra = {
          ...step,
          operator: random.pick(['+', '-'] as const),
          amount: random.pick(numbers),
        };
        again(extra);
        write(extra);
        step.left = extra.result;
        again(step);
      } else if (kind in CHANGES) {
        const people = story.events
          .filter(({ kind }) => kind !== 'price')
          .map(({ subject }) => `${subject} has`);
        CHANGES[kind as keyof typeof CHANGES](random, step, { numbers, people });
      }
    }
    write(step);
    values[place] = step.result;
  }
  const last = results.at(-1) ?? amounts[0]!;
  const wrongEnd = kind === 'answer';
  const answer = !wrongEnd
    ? last
    : random.chance(0.5) && results.length > 1
      ? results.at(-2)!
      : otherDigit(random, last);
  return { steps, answer: String(answer) };
}

/**
 * A base model's training mixture: easier problems of the built-in world and right equations, as a pretrained model has seen
 * them. What the first base has seen besides: attempts at problems to judge and to revise, and equations to check. No problem of the task's dev or test structures is in it, and no solution of the student's: what a
 * pretrained base brings along.
 */
import { type Example, nextTokenExample } from '@glore/engine';
import type { Codec } from '../codec/index.js';
import {
  type Equality,
  equationDrill,
  flawedAttempt,
  generateProblems,
  Random,
  rightEquation,
  type Split,
  type WorldSettings,
  withOtherNumbers,
} from '../problem/index.js';

export interface BaseMixture {
  readonly seed: number;
  /** Of the problems. */
  readonly settings: WorldSettings;
  /** Sizes of numbers in the equations. */
  readonly drillSizes: readonly Pick<WorldSettings, 'maxValue' | 'operands' | 'factors'>[];
  /** Problems in a batch. */
  readonly problems: number;
  /** Weight of a question's token in the loss, where a token of a solution has 1. */
  readonly questionWeight: number;
  /** Pages in a batch: several problems and their solutions, one after the other. */
  readonly pages: number;
  /** Sequences of right equations in a batch. */
  readonly sums: number;
  /** Sequences of equations, right and wrong, in a batch: with a label after each, and with one after each digit too. */
  readonly drills: number;
  readonly checks: number;
  /** Attempts at problems to judge, and to revise. */
  readonly judgements: number;
  readonly revisions: number;
  /** Equations in a sequence. */
  readonly equations: number;
  /** Weight of a label in the loss, where a token of a solution has 1. */
  readonly labelWeight: number;
  /** Encodes text as the tokenizer of the codec does. */
  readonly encode: (text: string) => number[];
  /** Most tokens of a page: as many as the model reads. */
  readonly longest: number;
}

/** The batch of a step, from the structures of a split. */
export function baseBatch(
  codec: Codec,
  mixture: BaseMixture,
  split: Split,
  step: number,
): Example[] {
  const { seed, settings, problems, pages, sums, drills, checks, judgements, revisions } = mixture;
  const random = new Random('base', split, seed, step);
  const drawn = generateProblems({
    split,
    count: problems + judgements + revisions,
    seed: random.integer(0, 2 ** 31),
    settings,
  });
  const questions = drawn.slice(problems).map(({ question }) => question);
  return [
    ...drawn.slice(0, problems).map(({ question, steps, answer }) => {
      const { tokens, promptLength } = codec.plain(question, { steps, answer });
      return problemExample(tokens, promptLength, mixture.questionWeight);
    }),
    ...Array.from({ length: pages }, () => pageExample(codec, mixture, random, split)),
    ...Array.from({ length: sums }, () => sumExample(codec, mixture, random)),
    ...Array.from({ length: drills }, () => drillExample(codec, mixture, random)),
    ...Array.from({ length: checks }, () => checkExample(codec, mixture, random)),
    ...questions
      .slice(0, judgements)
      .map((question) => judgementExample(codec, mixture, random, question)),
    ...questions.slice(judgements).map((question) => revisionExample(codec, random, question)),
  ];
}

/** A question and its solution, both to be written, the question with a weight of its own; 0 leaves it out. */
function problemExample(tokens: readonly number[], promptLength: number, weight: number): Example {
  if (weight === 0) return nextTokenExample(tokens, promptLength);
  const example = nextTokenExample(tokens, 1);
  return { ...example, weights: tokens.map((_, at) => (at < promptLength - 1 ? weight : 1)) };
}

/**
 * `BOS question \n solution \n question \n solution .. EOS`: what a text of some length is like. Of the two or three problems
 * the later ones are other ones, the first with other numbers, or the first again: texts repeat and vary what they have said,
 * and a model that has met single problems alone looks back at nothing. All solutions are right.
 */
function pageExample(codec: Codec, mixture: BaseMixture, random: Random, split: Split): Example {
  const { settings, encode, questionWeight, longest } = mixture;
  const later = random.pick(['others', 'others', 'varied', 'varied', 'again'] as const);
  const count = later === 'others' ? 3 : 1;
  const drawn = generateProblems({ split, count, seed: random.integer(0, 2 ** 31), settings });
  const first = drawn[0]!;
  const next = {
    others: (i: number) => drawn[i]!,
    varied: () => withOtherNumbers(random, first.question, settings) ?? first,
    again: () => first,
  }[later];
  const tokens = [codec.ids.bos];
  const weights: number[] = [];
  for (const { question, steps, answer } of [first, next(1), next(2)]) {
    const asked = encode(`${question}\n`);
    const solved = [...codec.prefix(steps), ...codec.answer(answer), ...encode('\n')];
    if (tokens.length + asked.length + solved.length >= longest) break;
    tokens.push(...asked, ...solved);
    weights.push(...asked.map(() => questionWeight), ...solved.map(() => 1));
  }
  tokens.push(codec.ids.eos);
  return { ...nextTokenExample(tokens, 1), weights: [...weights, 0, 0] };
}

/** `BOS equation \n equation \n ..`, right ones alone: their results are learned. */
function sumExample(codec: Codec, mixture: BaseMixture, random: Random): Example {
  const { encode } = mixture;
  const settings = { ...mixture.settings, ...random.pick(mixture.drillSizes) };
  const tokens = [codec.ids.bos];
  const targets = [-1];
  for (let i = 0; i < mixture.equations; i++) {
    const [left, result] = rightEquation(random, settings).split('=');
    for (const token of encode(`${left}=`)) {
      tokens.push(token);
      targets.push(-1);
    }
    for (const token of encode(`${result}.\n`)) {
      targets[tokens.length - 1] = token;
      tokens.push(token);
      targets.push(-1);
    }
  }
  return { tokens, targets };
}

/**
 * `BOS equation \n TAG equation \n TAG ..`, right and wrong ones: at each tag the label is learned, and at the result of
 * a right equation its digits. Each sequence has one size of numbers, so that small ones are learned first.
 */
function drillExample(codec: Codec, mixture: BaseMixture, random: Random): Example {
  const { encode, labelWeight } = mixture;
  const tokens = [codec.ids.bos];
  const learned = new Map<number, { target: number; weight: number }>();
  for (const { left, result, right } of equationsOf(mixture, random)) {
    tokens.push(...encode(`${left}=`));
    for (const token of encode(`${result}.\n`)) {
      if (right) learned.set(tokens.length - 1, { target: token, weight: 1 });
      tokens.push(token);
    }
    tokens.push(codec.ids.step);
    const target = right ? codec.ids.plus : codec.ids.minus;
    learned.set(tokens.length - 1, { target, weight: labelWeight });
  }
  return {
    tokens,
    targets: tokens.map((_, at) => learned.get(at)?.target ?? -1),
    weights: tokens.map((_, at) => learned.get(at)?.weight ?? 0),
  };
}

/**
 * `BOS TAG equation \n TAG ..`: after each digit of a result the label says whether the result is right so far, and at each
 * tag whether it is right. Learned like this, checking takes hold; from the labels at the tags alone it did not.
 */
function checkExample(codec: Codec, mixture: BaseMixture, random: Random): Example {
  const { encode, labelWeight } = mixture;
  const label = (right: boolean) => (right ? codec.ids.plus : codec.ids.minus);
  const tokens = [codec.ids.bos, codec.ids.step];
  const targets = [-1, -1];
  for (const { left, result, truth, right } of equationsOf(mixture, random)) {
    for (const token of encode(`${left}=`)) {
      tokens.push(token);
      targets.push(-1);
    }
    for (let digits = 1; digits <= result.length; digits++) {
      tokens.push(...encode(result[digits - 1]!));
      targets.push(label(truth.startsWith(result.slice(0, digits))));
    }
    for (const token of encode('.\n')) {
      tokens.push(token);
      targets.push(-1);
    }
    tokens.push(codec.ids.step);
    targets.push(label(right));
  }
  return { tokens, targets, weights: targets.map(() => labelWeight) };
}

/**
 * The reward models' sequence of an attempt, flawed or not: at each token up to the first wrong line's end the label says
 * whether all is right so far, after it at the tags alone. Besides equations this is where reading is checked: an event left
 * out, another number, another person.
 */
function judgementExample(
  codec: Codec,
  { labelWeight }: BaseMixture,
  random: Random,
  question: string,
): Example {
  const { right, written, firstWrong } = flawedAttempt(random, question, 0.65);
  const { tokens, tags } = codec.tagged(question, written);
  const gold = codec.tagged(question, right).tokens;
  const same = tokens.findIndex((token, at) => token !== gold[at]);
  const parted = same < 0 ? tokens.length : same;
  const start = codec.prompt(question).length;
  const dense = firstWrong < 0 ? tokens.length : tags[firstWrong - 1]!;
  const targets = tokens.map((_, at) =>
    at > start && (at <= dense || tags.includes(at))
      ? at < parted
        ? codec.ids.plus
        : codec.ids.minus
      : -1,
  );
  return { tokens, targets, weights: targets.map(() => labelWeight) };
}

/**
 * A refiner's sequence: an attempt and the right solution, all of it or, as often, from the marked first wrong line on. A
 * few attempts of the first kind are right already.
 */
function revisionExample(codec: Codec, random: Random, question: string): Example {
  const marked = random.chance(0.5);
  const { right, written, firstWrong } = flawedAttempt(random, question, marked ? 1 : 0.8);
  const [prompt, target] = marked
    ? [codec.localPrompt(question, written, firstWrong), codec.continuation(right, firstWrong)]
    : [codec.globalPrompt(question, written), codec.solution(right)];
  return nextTokenExample([...prompt, ...target], prompt.length);
}

/** The equations of one sequence. */
function equationsOf(mixture: BaseMixture, random: Random): Equality[] {
  const settings = { ...mixture.settings, ...random.pick(mixture.drillSizes) };
  return Array.from({ length: mixture.equations }, () => equationDrill(random, settings));
}

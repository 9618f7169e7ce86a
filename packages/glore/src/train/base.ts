/**
 * The base model's training mixture: easier problems of the built-in world, and equations to check. No problem of the
 * task's dev or test structures is in it, and no solution of the student's: what a pretrained base brings along.
 */
import { type Example, nextTokenExample } from '@glore/engine';
import type { Codec } from '../codec/index.js';
import {
  equationDrill,
  generateProblems,
  Random,
  type Split,
  type WorldSettings,
} from '../problem/index.js';

export interface BaseMixture {
  readonly seed: number;
  /** Of the problems. */
  readonly settings: WorldSettings;
  /** Sizes of numbers in the equations. */
  readonly drillSizes: readonly Pick<WorldSettings, 'maxValue' | 'operands' | 'factors'>[];
  /** Problems in a batch. */
  readonly problems: number;
  /** Sequences of equations in a batch, and equations in each. */
  readonly drills: number;
  readonly equations: number;
  /** Weight of a label in the loss, where a token of a solution has 1. */
  readonly labelWeight: number;
  /** Encodes text as the tokenizer of the codec does. */
  readonly encode: (text: string) => number[];
}

/** The batch of a step, from the structures of a split. */
export function baseBatch(
  codec: Codec,
  mixture: BaseMixture,
  split: Split,
  step: number,
): Example[] {
  const { seed, settings, problems, drills } = mixture;
  const random = new Random('base', split, seed, step);
  const solved = generateProblems({
    split,
    count: problems,
    seed: random.integer(0, 2 ** 31),
    settings,
  });
  return [
    ...solved.map(({ question, steps, answer }) => {
      const { tokens, promptLength } = codec.plain(question, { steps, answer });
      return nextTokenExample(tokens, promptLength);
    }),
    ...Array.from({ length: drills }, () => drillExample(codec, mixture, random)),
  ];
}

/**
 * `BOS equation \n TAG equation \n TAG ..`, right and wrong ones: at each tag the label is learned, and at the result of
 * a right equation its digits. Each sequence has one size of numbers, so that small ones are learned first.
 */
function drillExample(codec: Codec, mixture: BaseMixture, random: Random): Example {
  const { encode, equations, labelWeight } = mixture;
  const settings = { ...mixture.settings, ...random.pick(mixture.drillSizes) };
  const tokens = [codec.ids.bos];
  const learned = new Map<number, { target: number; weight: number }>();
  for (let i = 0; i < equations; i++) {
    const { left, result, right } = equationDrill(random, settings);
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

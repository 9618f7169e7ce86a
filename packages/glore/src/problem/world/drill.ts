/** Equations with right and wrong results, to pretrain a base model on calculating and on checking. */
import { type Expression, evaluate, type Operator } from './arithmetic.js';
import type { Random } from './random.js';
import type { WorldSettings } from './settings.js';

/** `left` is such as `37+148`, `truth` its result; `result` is what is shown, and `right` says whether that is the truth. */
export interface Equality {
  readonly left: string;
  readonly result: string;
  readonly truth: string;
  readonly right: boolean;
}

/** One equation in the number ranges of the settings; every other one, by chance, has a slip in its result. */
export function equationDrill(random: Random, settings: WorldSettings): Equality {
  const { operands, operator } = drawOperation(random, settings);
  const truth = evaluate({ operands, operators: [operator] });
  const right = random.chance(0.5);
  const left = operands.join(operator);
  const result = String(right ? truth : slip(random, operands, operator, truth));
  return { left, result, truth: String(truth), right };
}

/** A right equation in the number ranges of the settings, such as `37+148=185`. */
export function rightEquation(random: Random, settings: WorldSettings): string {
  const { operands, operator } = drawOperation(random, settings);
  return `${operands.join(operator)}=${evaluate({ operands, operators: [operator] })}`;
}

export type Operation = {
  readonly operands: readonly [number, number];
  readonly operator: Operator;
};

/** Running values are as large as in stories: up to `maxValue`, for the larger side of each operator. */
function drawOperation(random: Random, settings: WorldSettings): Operation {
  const { maxValue, factors } = settings;
  const [low, high] = settings.operands;
  const factor = random.integer(factors[0], Math.min(factors[1], maxValue));
  const quotient = random.integer(1, Math.floor(maxValue / factor));
  switch (random.weighted(settings.operations)) {
    case 'gain': {
      const amount = random.integer(low, Math.min(high, maxValue - 1));
      return { operands: [random.integer(1, maxValue - amount), amount], operator: '+' };
    }
    case 'lose': {
      const amount = random.integer(low, Math.min(high, maxValue - 1));
      return { operands: [random.integer(amount + 1, maxValue), amount], operator: '-' };
    }
    case 'times':
      return { operands: [quotient, factor], operator: '*' };
    case 'share':
      return { operands: [quotient * factor, factor], operator: '/' };
  }
}

type Slip = (random: Random, truth: number, operation: Operation) => number;

/** What the operator is mistaken for. */
export const CONFUSED: Readonly<Record<Operator, Operator>> = {
  '+': '-',
  '-': '+',
  '*': '+',
  '/': '-',
};

/** The slips of a weak calculator. Some leave a result as it is or below zero; those are drawn again. */
const SLIPS = {
  /** A carry or borrow missed or invented: one digit, the leading one included, off by one. */
  carry: (random, truth) => {
    const digits = [...String(truth)].map(Number);
    const place = random.integer(0, digits.length - 1);
    digits[place] = (digits[place]! + random.pick([1, 9])) % 10;
    return Number(digits.join(''));
  },
  /** Off by ten or a hundred, carried through. */
  column: (random, truth) => truth + random.pick([-100, -10, 10, 100]),
  swap: (random, truth) => {
    const digits = [...String(truth)];
    const place = random.integer(0, digits.length - 1);
    digits.splice(place, 2, ...digits.slice(place, place + 2).reverse());
    return Number(digits.join(''));
  },
  drop: (random, truth) => {
    const digits = [...String(truth)];
    digits.splice(random.integer(0, digits.length - 1), 1);
    return digits.length > 0 ? Number(digits.join('')) : truth;
  },
  /** An operand used twice. */
  twice: (random, _, { operands: [a, b], operator }) =>
    random.chance(0.5) ? evaluatePair(evaluatePair(a, operator, b), operator, b) : 2 * a,
  confused: (_random, _, { operands: [a, b], operator }) => evaluatePair(a, CONFUSED[operator], b),
  /** A neighbour in the multiplication table; for sums, the neighbouring number. */
  neighbour: (random, truth, { operands: [a, b], operator }) => {
    const step = random.pick([-1, 1]);
    return operator === '*' ? random.pick([a * (b + step), (a + step) * b]) : truth + step;
  },
} satisfies Record<string, Slip>;

/** Carries and borrows are what models of this size get wrong, so they come most often. */
const SLIP_WEIGHTS: Readonly<Record<keyof typeof SLIPS, number>> = {
  carry: 6,
  column: 2,
  swap: 1,
  drop: 1,
  twice: 1,
  confused: 1,
  neighbour: 2,
};

/** A wrong result such as a weak calculator gives; zero or more. */
export function slip(
  random: Random,
  operands: Operation['operands'],
  operator: Operator,
  truth: number,
): number {
  for (;;) {
    const make: Slip = SLIPS[random.weighted(SLIP_WEIGHTS)];
    const result = make(random, truth, { operands, operator });
    if (Number.isInteger(result) && result >= 0 && result !== truth) return result;
  }
}

function evaluatePair(a: number, operator: Operator, b: number): number {
  const expression: Expression = { operands: [a, b], operators: [operator] };
  return evaluate(expression);
}

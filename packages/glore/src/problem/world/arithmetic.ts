/** The four operations, over integers and over residues, and expressions such as `37+148*3`. */

export type Operator = '+' | '-' | '*' | '/';

/** What each operator does with two numbers. */
export type Arithmetic = Readonly<Record<Operator, (a: number, b: number) => number>>;

/** Whole numbers; a division with a remainder gives NaN. */
export const integers: Arithmetic = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => (a % b === 0 ? a / b : Number.NaN),
};

/** The largest prime below 2^26, so that a product of two residues is exact in a double. */
export const PRIME = 67_108_859;

const product = (a: number, b: number): number => (a * b) % PRIME;

/** Fermat: a^(p-2) is the inverse of a. */
function inverse(a: number): number {
  let power = a;
  let result = 1;
  for (let exponent = PRIME - 2; exponent > 0; exponent = Math.floor(exponent / 2)) {
    if (exponent % 2 === 1) result = product(result, power);
    power = product(power, power);
  }
  return result;
}

/** Residues modulo `PRIME`, in which every division by a non-zero residue is exact. */
export const residues: Arithmetic = {
  '+': (a, b) => (a + b) % PRIME,
  '-': (a, b) => (a - b + PRIME) % PRIME,
  '*': product,
  '/': (a, b) => product(a, inverse(b)),
};

/** Operands and the operators between them: one operator fewer than operands. */
export interface Expression {
  readonly operands: readonly number[];
  readonly operators: readonly Operator[];
}

/** The value of an expression; `*` and `/` bind before `+` and `-`, equals from left to right. */
export function evaluate(
  { operands, operators }: Expression,
  arithmetic: Arithmetic = integers,
): number {
  let sum = 0;
  let sign: '+' | '-' = '+';
  let term = operands[0]!;
  operators.forEach((operator, i) => {
    const operand = operands[i + 1]!;
    if (operator === '*' || operator === '/') {
      term = arithmetic[operator](term, operand);
    } else {
      sum = arithmetic[sign](sum, term);
      sign = operator;
      term = operand;
    }
  });
  return arithmetic[sign](sum, term);
}

/** An expression that claims a result, as in `37+148=185`. */
export interface Equation extends Expression {
  readonly result: number;
}

/** Reads `37+148=185` (no spaces or leading zeros, at least one operator); null when the text is anything else. */
export function parseEquation(text: string): Equation | null {
  const match = /^((?:0|[1-9]\d*)(?:[-+*/](?:0|[1-9]\d*))+)=((?:0|[1-9]\d*))$/.exec(text);
  if (match === null) return null;
  const [, left = '', result = ''] = match;
  return {
    operands: left.split(/[-+*/]/).map(Number),
    operators: left.match(/[-+*/]/g) as Operator[],
    result: Number(result),
  };
}

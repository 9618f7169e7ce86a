/**
 * A critic that reads a solution whole and names its first wrong step by its number, or 0. From the probabilities of the numbers
 * follows a value for each line: that of the first wrong one coming after it.
 */
import { type Solution, stripAnnotations } from '../../codec/index.js';
import type { Listed } from './choices.js';
import { isPart, likely, type Read, uncoveredCure } from './labels.js';
import { Unreadable } from './reading.js';

/** A number of more digits is several tokens, the first of which is another step's. */
const mostNumbered = 9;

/** Lines with their numbers from 1, the answer last; lines of long solutions share a number. */
export function numbered({ steps, answer }: Solution): {
  readonly text: string;
  /** The number of each line. */
  readonly numberOf: readonly number[];
} {
  const room = mostNumbered - (answer === null ? 0 : 1);
  const size = Math.max(1, Math.ceil(steps.length / room));
  const numberOf = steps.map((_, i) => Math.floor(i / size) + 1);
  const groups: string[][] = [];
  for (const [i, step] of steps.entries()) {
    const line = stripAnnotations(step).trim();
    const group = groups[numberOf[i]! - 1];
    if (group) group.push(line);
    else groups.push([line]);
  }
  if (answer !== null) {
    groups.push([`The answer is ${answer}`]);
    numberOf.push(groups.length);
  }
  const text = groups.map((lines, i) => `Step ${i + 1}: ${lines.join(' ')}`).join('\n');
  return { text, numberOf };
}

/** The values of lines by how likely each number from 0 on is; `mass` is what all of them have of the probability. */
function valuesOf(chances: readonly number[], numberOf: readonly number[], mass: number): Read[] {
  const all = chances.reduce((sum, chance) => sum + chance, 0);
  return numberOf.map((number) => {
    const wrong = chances.slice(1, number + 1).reduce((sum, chance) => sum + chance, 0);
    return { value: Math.min(1, Math.max(0, 1 - wrong / all)), mass };
  });
}

/**
 * The values of lines from the list of the `wanted` likeliest tokens.
 * @throws Unreadable where none of the numbers is among them, or most of the list is missing
 */
export function readVerdict(
  first: readonly Listed[],
  numberOf: readonly number[],
  wanted: number,
): Read[] {
  const found = likely(first);
  const most = numberOf.at(-1) ?? 0;
  const chances = Array.from({ length: most + 1 }, (_, number) =>
    [`${number}`, ` ${number}`]
      .map((spelling) => Math.exp(found.get(spelling) ?? -Infinity))
      .reduce((sum, chance) => sum + chance, 0),
  );
  const mass = Math.min(
    1,
    chances.reduce((sum, chance) => sum + chance, 0),
  );
  if (mass > 0 && isPart(found, mass, wanted)) {
    throw new Unreadable(`log-probabilities of ${found.size} tokens, of ${wanted} asked for`);
  }
  if (mass > 0) return valuesOf(chances, numberOf, mass);
  throw new Unreadable(
    `none of the numbers 0 to ${most} among the ${found.size} likeliest next tokens`,
    'labels-uncovered',
    uncoveredCure,
  );
}

/** The same from samples: how often each number was named. One that is named by none is not impossible (Laplace). */
export function countVerdicts(texts: readonly string[], numberOf: readonly number[]): Read[] {
  const most = numberOf.at(-1) ?? 0;
  const named = texts.flatMap((text) => {
    const number = Number(/\d+/.exec(text)?.[0] ?? Number.NaN);
    return number <= most ? [number] : [];
  });
  if (named.length === 0) {
    throw new Unreadable(
      `no number from 0 to ${most} in ${texts.length} answers`,
      'labels-uncovered',
      uncoveredCure,
    );
  }
  const chances = Array.from(
    { length: most + 1 },
    (_, number) => named.filter((one) => one === number).length + 1 / (most + 1),
  );
  return valuesOf(chances, numberOf, named.length / texts.length);
}

/**
 * A served critic: values are asked for in chunks of solutions, and a chunk is kept once it has been checked as a whole, since
 * a value alone does not show that it means nothing.
 *
 * After the answers of a chunk come those to two solutions of which one is wrong: a server that has stopped reading, and says
 * the same of everything, says the same of these too, whatever it said before.
 */
import { z } from 'zod';
import { lineCount, spellingOf } from '../../codec/index.js';
import { GloreError } from '../../error.js';
import { share } from '../../files/index.js';
import type { Answers, Critic, CriticItem, Valued } from '../types.js';
import { type Asked, kept, nameOf, readOnce, remembered } from './kept.js';
import { type Labels, percent, type Read, spelt, uncoveredCure } from './labels.js';
import { Unreadable } from './reading.js';
import { medianOf, type Watch } from './watch.js';

/** What was read of a solution: a value for each line, and the tokens it took. */
export interface Reading {
  readonly lines: readonly Read[];
  readonly tokens: number;
}

export interface CriticOptions {
  readonly endpoint: Asked;
  /** Where chunks are kept. */
  readonly answers: Answers | undefined;
  readonly watch: Watch;
  readonly model: string;
  /** Whatever else values depend on, besides the solutions. */
  readonly identity: unknown;
  /** Where values are read from the log-probabilities of labels. */
  readonly labels: Labels | 'numbers' | undefined;
  /** Each line is asked for alone, so that values that are alike say something of the server. */
  readonly byLine?: boolean;
  /** Reads one solution. */
  read(endpoint: Asked, item: CriticItem): Promise<Reading>;
}

/** Solutions in a chunk: what a kill may lose, and what a check has to go by. */
const CHUNK = 16;

/** @throws GloreError `labels-uncovered`, `values-constant`, and those of `Endpoint` */
export function servedCritic(options: CriticOptions): Critic {
  const { endpoint, answers, identity } = options;
  const valued = async (items: readonly CriticItem[]): Promise<Valued[]> => {
    const asked = items.map(({ question, solution: { steps, answer } }) => [
      question,
      steps,
      answer,
    ]);
    const name = nameOf([endpoint.name, 'values', identity, asked]);
    const chunk = await readOnce(
      answers ?? remembered(),
      name,
      () => checked(options, items),
      (value) => readChunk(value, items),
    );
    return chunk.map(({ lines, tokens }) => ({ values: lines.map(({ value }) => value), tokens }));
  };
  return {
    async value(items) {
      const chunks: Promise<Valued[]>[] = [];
      for (let at = 0; at < items.length; at += CHUNK) {
        chunks.push(valued(items.slice(at, at + CHUNK)));
      }
      return (await Promise.all(chunks)).flat();
    },
  };
}

const shape = z.array(
  z.object({
    lines: z.array(z.object({ value: share, mass: share })),
    tokens: z.number().min(0),
  }),
);

/** A chunk as it was kept. @throws Unreadable for another */
function readChunk(value: unknown, items: readonly CriticItem[]): Reading[] {
  const { success, data } = shape.safeParse(value);
  const whole =
    success &&
    data.length === items.length &&
    data.every(({ lines }, i) => lines.length === lineCount(items[i]!.solution));
  if (!whole) throw new Unreadable('values of other solutions');
  return data;
}

/** A chunk's values, none of which is handed out before all of them are good. */
async function checked(options: CriticOptions, items: readonly CriticItem[]): Promise<Reading[]> {
  const { byLine = true } = options;
  let found = await asked(options, items);
  for (let again = 0; byLine && again < 2 && repeats(items, found); again++) {
    // A server may say the same of several lines and mean it; then it says so again.
    const next = await asked(options, items);
    if (JSON.stringify(values(next)) === JSON.stringify(values(found))) break;
    found = next;
  }
  await checkContrast(options, byLine ? values(found) : lastValues(found));
  checkCoverage(options, found);
  return found;
}

/** Each request is sent once, though solutions begin alike. */
const asked = (
  { endpoint, read }: CriticOptions,
  items: readonly CriticItem[],
): Promise<Reading[]> => {
  const once = kept(endpoint, remembered());
  return Promise.all(items.map((item) => read(once, item)));
};

const values = (found: readonly Reading[]): number[] =>
  found.flatMap(({ lines }) => lines.map(({ value }) => value));

/** One of each solution. */
const lastValues = (found: readonly Reading[]): number[] =>
  found.flatMap(({ lines }) => lines.slice(-1).map(({ value }) => value));

/** Whether several lines that are not alike have the same value, and not one at an end, where values crowd. */
function repeats(items: readonly CriticItem[], found: readonly Reading[]): boolean {
  const lines = new Map<string, Set<string>>();
  for (const [i, { question, solution }] of items.entries()) {
    for (const [k, { value }] of found[i]!.lines.entries()) {
      if (isAtEnd(value)) continue;
      const key = (value / alike).toFixed(0);
      const steps = solution.steps.slice(0, k + 1);
      const answer = k < solution.steps.length ? null : solution.answer;
      const spelling = question + spellingOf({ steps, answer });
      lines.set(key, (lines.get(key) ?? new Set()).add(spelling));
    }
  }
  return [...lines.values()].some(({ size }) => size > 2);
}

const isConstant = (values: readonly number[]): boolean =>
  values.length > 1 && Math.max(...values) - Math.min(...values) < alike;
const isAtEnd = (value: number): boolean => value < 1e-3 || value > 1 - 1e-3;
/** Values are the same if they differ by less. */
const alike = 1e-6;

/** Right and wrong answers. */
const contrasts: readonly (readonly [CriticItem, CriticItem])[] = (
  [
    ['Mia has 37 stamps. She buys 15 more. How many stamps does she have?', '52', '41'],
    ['Fay has 8 coins. Fay loses 3. How many coins does Fay have?', '5', '11'],
    ['A box has 6 pens. How many pens do 7 boxes have?', '42', '13'],
  ] as const
).map(([question, right, wrong]) => [
  { question, solution: { steps: [], answer: right } },
  { question, solution: { steps: [], answer: wrong } },
]);

/** @throws GloreError `values-constant` for a server that says the same of what is right and what is wrong */
async function checkContrast(
  { endpoint, read, model, watch, answers }: CriticOptions,
  values: readonly number[],
): Promise<void> {
  // Where nothing is kept, it is enough to ask once, and when there is reason to.
  if (!answers && watch.contrasted && !isConstant(values)) return;
  const seen: number[] = [];
  for (const pair of contrasts) {
    const [right, wrong] = (await Promise.all(pair.map((item) => read(endpoint, item)))).map(
      ({ lines }) => lines[0]!.value,
    );
    seen.push(right!);
    if (Math.abs(right! - wrong!) < alike) continue;
    watch.contrasted = true;
    return;
  }
  const constant = isConstant([...values, ...seen]);
  // One that is sure of everything may be right about other lines, unless it has known better before.
  if (!constant && seen.every(isAtEnd) && !watch.contrasted) return;
  throw new GloreError(
    'values-constant',
    `model ${model}: expected values that depend on what is valued, found ${seen.map((value) => value.toFixed(6)).join(', ')} for answers to ${seen.length} questions, right and wrong alike; glore doctor with golden values shows whether the server reads the prompt and the reward model is the right one`,
  );
}

/** @throws GloreError `labels-uncovered` if the model mostly wants to say something else, and so gives no values */
function checkCoverage({ labels, model, watch }: CriticOptions, found: readonly Reading[]): void {
  if (!labels) return;
  const masses = found.flatMap(({ lines }) => lines.map(({ mass }) => mass));
  const median = medianOf(masses);
  if (median === undefined || median >= least) {
    watch.covered(masses);
    return;
  }
  throw new GloreError(
    'labels-uncovered',
    `model ${model}: expected its next token to be one of ${labels === 'numbers' ? 'the numbers of steps' : spelt(labels)}, found that these have ${percent(median)} of the probability together (median of ${masses.length}), so a value would mean nothing; ${uncoveredCure}`,
  );
}

const least = 0.5;

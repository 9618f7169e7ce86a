/** What servers answer that is no completion: lists of models, ids of texts, and what classifiers say. */
import { z } from 'zod';
import { inOrder, onceEach } from './choices.js';
import { type Reader, Unreadable } from './reading.js';

export const modelList = z.object({
  data: z.array(z.object({ id: z.string() })),
});

/** Ids of a text: vLLM has `count` beside them, llama.cpp has not. */
export const tokenized = z.object({ tokens: z.array(z.int()) });

const numbers = z.array(z.number());

const pooledShape = z.object({
  data: z.array(z.object({ data: z.union([numbers, z.array(numbers)]) })).length(1),
});

/** The values at `positions`, picked from a row for each of `length` tokens, since servers have picked wrong ones. */
export const pooled = (
  length: number,
  positions: readonly number[],
  positive: number,
): Reader<z.output<typeof pooledShape>, number[]> => ({
  shape: pooledShape,
  read({ data }) {
    const rows = data[0]!.data;
    // One that has been set up with the tag gives the rows of the tags alone.
    if (rows.length === positions.length)
      return rows.map((row) => positiveOf([row].flat(), positive));
    if (rows.length !== length) {
      throw strange(`${rows.length} rows where there are ${length} tokens`);
    }
    return positions.map((at) => positiveOf([rows[at]!].flat(), positive));
  },
});

const classifiedShape = z.object({
  data: z.array(z.object({ probs: numbers.min(1) })).length(1),
});

/** The one output of a classifier, as it is. */
const rawOf = (outputs: readonly number[]): number => {
  const [value] = outputs;
  if (value !== undefined && outputs.length === 1 && Number.isFinite(value)) return value;
  throw strange(`${outputs.length} outputs where one is expected`);
};

export const rawScore: Reader<z.output<typeof classifiedShape>, number> = {
  shape: classifiedShape,
  read: ({ data }) => rawOf(data[0]!.probs),
};

/** The probability whose log-odds are the one output, whatever these mean: an order of solutions. */
export const squashed: Reader<z.output<typeof classifiedShape>, number> = {
  shape: classifiedShape,
  read: ({ data }) => 1 / (1 + Math.exp(-rawOf(data[0]!.probs))),
};

export const classified = (positive: number): Reader<z.output<typeof classifiedShape>, number> => ({
  shape: classifiedShape,
  read: ({ data }) => positiveOf(data[0]!.probs, positive),
});

const scoredShape = onceEach((n) =>
  z.object({ data: z.array(z.object({ index: z.int(), score: z.number() })).length(n) }),
);

/** The scores of `n` items, in their order. */
export const scored = (
  n: number,
): Reader<{ data: { index: number; score: number }[] }, number[]> => ({
  shape: scoredShape(n),
  read({ data }) {
    const indices = data.map(({ index }) => index);
    if (new Set(indices).size < n) throw strange(`indices ${indices.join(', ')}`);
    return inOrder(data, indices).map(({ score }) => positiveOf([score], 0));
  },
});

/**
 * p(+) of a classifier's outputs, which is the only one or the one at `positive`; several are all that there is.
 *
 * @throws Unreadable
 */
export function positiveOf(outputs: readonly number[], positive: number): number {
  const value = outputs.length === 1 ? outputs[0] : outputs[positive];
  const all = outputs.reduce((sum, one) => sum + one, 0);
  const whole = outputs.length === 1 || Math.abs(all - 1) < rounding;
  if (value !== undefined && value >= 0 && value <= 1 && whole) return value;
  throw strange(`${JSON.stringify(outputs.slice(0, 8))} where a probability is expected`);
}

/** Probabilities in half precision add up to so much more or less than they should. */
const rounding = 0.02;

const strange = (found: string): Unreadable =>
  new Unreadable(
    found,
    'endpoint-scores',
    'serve the reward model with its activation and with pooling of all tokens',
  );

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
    if (rows.length !== length) {
      throw strange(`${rows.length} rows where there are ${length} tokens`);
    }
    return positions.map((at) => positiveOf([rows[at]!].flat(), positive));
  },
});

const classifiedShape = z.object({
  data: z.array(z.object({ probs: numbers.min(1) })).length(1),
});

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

/** p(+) of a classifier's outputs, which is the only one or the one at `positive`. @throws Unreadable */
export function positiveOf(outputs: readonly number[], positive: number): number {
  const value = outputs.length === 1 ? outputs[0] : outputs[positive];
  if (value !== undefined && value >= 0 && value <= 1) return value;
  throw strange(`${JSON.stringify(outputs.slice(0, 8))} where a probability is expected`);
}

const strange = (found: string): Unreadable =>
  new Unreadable(
    found,
    'endpoint-scores',
    'serve the reward model with its activation and with pooling of all tokens',
  );

/** The outputs of a classifier of tokens at some of them, by one request: vLLM's `/pooling`. */
import type { Price } from './budget.js';
import type { Reading } from './critic.js';
import { smallAnswer, type Tally } from './endpoint.js';
import type { Asked } from './kept.js';
import type { Located } from './places.js';
import { pooled } from './scores.js';

export async function readRows(
  endpoint: Asked,
  { ids, at }: Located,
  {
    model,
    positive,
    price,
    tally,
  }: {
    readonly model: string;
    readonly positive: number;
    readonly price?: Price | undefined;
    readonly tally?: Tally | undefined;
  },
): Promise<Reading> {
  const values = await endpoint.post(
    '/pooling',
    { model, input: ids, task: 'token_classify', use_activation: true },
    pooled(ids.length, at, positive),
    {
      // What is asked of a classifier costs what it reads.
      cost: () => ({ prompt: ids.length, completion: 0, price }),
      tally,
      // Some outputs for each token.
      most: smallAnswer + 1024 * ids.length,
    },
  );
  return { lines: values.map((value) => ({ value, mass: 1 })), tokens: ids.length };
}

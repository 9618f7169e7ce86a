/**
 * The values of all lines of a prompt by one request: from the log-probabilities that a server gives of the prompt's own tokens.
 * Servers have given those of another prompt, so each list must have the token that stands there.
 */
import { z } from 'zod';
import { neutralSampling } from './answers.js';
import type { Price } from './budget.js';
import { firstListed, type Listed } from './choices.js';
import type { PostOptions, Tally } from './endpoint.js';
import { smallAnswer } from './endpoint.js';
import type { Asked } from './kept.js';
import { type Read, readValue } from './labels.js';
import type { Located } from './places.js';
import { type Reader, Unreadable } from './reading.js';

export interface LabelIds {
  readonly positive: readonly number[];
  readonly negative: readonly number[];
}

/** By the ids of tokens, as vLLM has it. */
const list = z.record(z.string(), z.object({ logprob: z.number() }));
const shape = z.object({
  choices: z
    .array(
      z.object({
        prompt_logprobs: z.array(list.nullable()),
        logprobs: z.unknown().transform(firstListed).optional(),
      }),
    )
    .length(1),
});

/** By index the likeliest tokens there: of the prompt's from the second on, and of what comes after it. */
export const promptLists = (
  ids: readonly number[],
  likeliest: number,
): Reader<z.output<typeof shape>, Listed[][]> => ({
  shape,
  read({ choices }) {
    const lists = choices[0]!.prompt_logprobs;
    if (lists.length !== ids.length) {
      throw new Unreadable(
        `log-probabilities of ${lists.length} tokens where there are ${ids.length}`,
      );
    }
    const after = choices[0]!.logprobs?.content[0]?.top_logprobs ?? [];
    const within = lists.map((one, i) => {
      if (i === 0) return [];
      if (one?.[String(ids[i])] === undefined) {
        throw new Unreadable(`no log-probability of token ${i} of the prompt, so those of another`);
      }
      const listed = Object.entries(one);
      // The prompt's own token is there besides the likeliest, and says nothing of others that are not.
      return listed
        .filter(([id]) => listed.length <= likeliest || id !== String(ids[i]))
        .map(([id, { logprob }]) => ({ token: `token_id:${id}`, logprob }));
    });
    return [...within, [...after]];
  },
});

export const promptBody = (model: string, ids: readonly number[], likeliest: number) => ({
  model,
  prompt: ids,
  temperature: 1,
  top_p: 1,
  max_tokens: 1,
  prompt_logprobs: likeliest,
  logprobs: likeliest,
  return_tokens_as_token_ids: true,
  ...neutralSampling,
});

/** Most bytes of an answer with so many lists. */
export const promptBytes = (ids: readonly number[], likeliest: number): number =>
  smallAnswer + 160 * (likeliest + 2) * ids.length;

export const spelledIds = ({ positive, negative }: LabelIds) => ({
  positive: positive.map((id) => `token_id:${id}`),
  negative: negative.map((id) => `token_id:${id}`),
});

/** The values at `at`; undefined where the labels are not among the likeliest. */
export async function readPrompt(
  endpoint: Asked,
  { ids, at }: Located,
  labels: LabelIds,
  asking: {
    readonly model: string;
    readonly likeliest: number;
    readonly price?: Price | undefined;
    readonly tally?: Tally | undefined;
  },
): Promise<(Read | undefined)[]> {
  const { model, likeliest, price, tally } = asking;
  const options: PostOptions = {
    tally,
    most: promptBytes(ids, likeliest),
    cost: () => ({ prompt: ids.length, completion: 1, price }),
  };
  const lists = await endpoint.post(
    'completions',
    promptBody(model, ids, likeliest),
    promptLists(ids, likeliest),
    options,
  );
  return at.map((place) => {
    try {
      return readValue(lists[place + 1]!, spelledIds(labels), likeliest);
    } catch (error) {
      if (error instanceof Unreadable) return undefined;
      throw error;
    }
  });
}

/** The shapes of what servers answer, as far as it is read, and the two ways of asking for a completion. */
import { z } from 'zod';
import type { Cost, Price } from './budget.js';
import type { Asked } from './kept.js';

function once<S>(make: (n: number) => S): (n: number) => S {
  const made = new Map<number, S>();
  return (n) => {
    let shape = made.get(n);
    if (shape === undefined) {
      shape = make(n);
      made.set(n, shape);
    }
    return shape;
  };
}

const usage = z.object({
  prompt_tokens: z.number(),
  completion_tokens: z.number().nullish(),
  prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
});

/** An aborted completion is no completion: any other reason than these is nonsense, and asked for again. */
const finish = z.enum([
  'stop',
  'length',
  'eos_token',
  'content_filter',
  'tool_calls',
  'function_call',
]);

/** llama.cpp gives ids too, and no text for special tokens. */
const likely = z.array(z.object({ token: z.string(), logprob: z.number(), id: z.int().nullish() }));

/** Log-probabilities in the form of completions, or in that of chat, which llama.cpp uses for both. */
const logprobs = z.object({
  top_logprobs: z.array(z.record(z.string(), z.number()).nullable()).nullish(),
  content: z.array(z.object({ top_logprobs: likely })).nullish(),
});

const choice = z.object({
  index: z.int().nullish(),
  finish_reason: finish,
  logprobs: logprobs.nullish(),
  token_ids: z.array(z.int()).nullish(),
});
const completion = choice.extend({ text: z.string() });
const message = choice.extend({ message: z.object({ content: z.string().nullish() }) });

/** An answer to either. */
interface Raw {
  readonly choices: readonly (z.output<typeof completion> | z.output<typeof message>)[];
  readonly usage?: z.output<typeof usage> | null | undefined;
}

const textOf = (one: Raw['choices'][number]): string =>
  'text' in one ? one.text : (one.message.content ?? '');

/** An answer with exactly `n` choices: more or fewer are nonsense. Made once for each `n`: the first use is slow. */
const answers = <C extends z.ZodType>(one: C) =>
  once((n) => z.object({ choices: z.array(one).length(n), usage: usage.nullish() }));
const completions = answers(completion);
const messages = answers(message);

/** A completion, whichever way it was asked for. */
export interface Completion {
  readonly text: string;
  /** It ended by itself, not at the limit. */
  readonly finished: boolean;
  /** Tokens generated, by the server's count; where it only counts all choices together, by their share of the text. */
  readonly tokens: number;
  /** The generated ids, where the server gives them. */
  readonly ids: readonly number[] | undefined;
  /**
   * Log-probabilities of the likeliest first tokens by their spelling, where asked for; of a token without one by its id, as
   * vLLM spells it: "token_id:7".
   */
  readonly first: ReadonlyMap<string, number>;
}

export interface Answer {
  readonly choices: readonly Completion[];
  readonly promptTokens: number | undefined;
  /** Prompt tokens that the server had in its prefix cache; undefined where it does not say. */
  readonly cachedTokens: number | undefined;
}

/** What a completion continues: text, ids, or a conversation with perhaps the beginning of the answer. */
export type Prompt =
  | { readonly text: string }
  | { readonly ids: readonly number[] }
  | { readonly system?: string | undefined; readonly user: string; readonly begun: string };

export interface Asking {
  readonly model: string;
  readonly prompt: Prompt;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly n?: number;
  readonly seed?: number;
  /** Which samples of the prompt these are, whether or not the server is told a seed. */
  readonly samples?: readonly number[];
  readonly stop?: readonly string[];
  /** So many likeliest first tokens are wanted with their log-probabilities. */
  readonly likeliest?: number;
  /** Fields that only some servers know. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly price?: Price | undefined;
  /** How often an answer that is none is asked for. */
  readonly attempts?: number;
}

/**
 * Sampling that a model's own `generation_config.json` would else change; not part of OpenAI's interface, so it is sent
 * only where it is known to be taken.
 */
export const neutralSampling = { top_k: -1, min_p: 0, repetition_penalty: 1 };

/** The choices of one request. @throws GloreError as `Endpoint.post` */
export async function complete(endpoint: Asked, asking: Asking): Promise<Answer> {
  const { model, prompt, temperature, maxTokens, n = 1, seed, stop, likeliest } = asking;
  const chat = 'user' in prompt;
  const body = {
    model,
    ...(chat ? conversation(prompt) : { prompt: 'ids' in prompt ? prompt.ids : prompt.text }),
    // Always sent: what is left out may be changed by the model's folder.
    temperature,
    top_p: 1,
    max_tokens: maxTokens,
    n,
    ...(seed !== undefined && { seed }),
    ...(stop && stop.length > 0 && { stop }),
    ...(likeliest !== undefined &&
      (chat ? { logprobs: true, top_logprobs: likeliest } : { logprobs: likeliest })),
    ...asking.extensions,
  };
  const options = {
    attempts: asking.attempts,
    samples: asking.samples,
    cost: (answer: Raw): Cost => ({
      prompt: answer.usage?.prompt_tokens ?? 0,
      completion: answer.usage?.completion_tokens ?? guessed(answer.choices.map(textOf)),
      price: asking.price,
    }),
  };
  const raw: Raw = chat
    ? await endpoint.post('chat/completions', body, messages(n), options)
    : await endpoint.post('completions', body, completions(n), options);
  const choices = raw.choices
    .map((one, at) => ({
      index: one.index ?? at,
      text: textOf(one),
      finished: one.finish_reason === 'stop' || one.finish_reason === 'eos_token',
      ids: one.token_ids ?? undefined,
      first: firstTokens(one.logprobs),
    }))
    .sort((a, b) => a.index - b.index);
  const counts = countsOf(choices, raw.usage?.completion_tokens ?? undefined);
  return {
    choices: choices.map(({ index: _, ...one }, i) => ({ ...one, tokens: counts[i]! })),
    promptTokens: raw.usage?.prompt_tokens,
    cachedTokens: raw.usage?.prompt_tokens_details?.cached_tokens ?? undefined,
  };
}

/** Four characters to a token, where the server does not count them. */
const guessed = (texts: readonly string[]): number => Math.ceil(texts.join('').length / 4);

/** A begun answer is the last message, to be continued where it ends. */
function conversation({ system, user, begun }: Extract<Prompt, { user: string }>) {
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    { role: 'user', content: user },
  ];
  if (begun === '') return { messages };
  return {
    messages: [...messages, { role: 'assistant', content: begun }],
    add_generation_prompt: false,
    continue_final_message: true,
  };
}

function firstTokens(found: z.output<typeof logprobs> | null | undefined): Map<string, number> {
  const [first] = found?.content ?? [];
  if (first) {
    return new Map(
      first.top_logprobs.map(({ token, logprob, id }) => [
        token === '' && id != null ? `token_id:${id}` : token,
        logprob,
      ]),
    );
  }
  return new Map(Object.entries(found?.top_logprobs?.[0] ?? {}));
}

/** Tokens of each choice; they add up to `generated` where the server says it. */
function countsOf(
  choices: readonly { readonly text: string; readonly ids: readonly number[] | undefined }[],
  generated: number | undefined,
): number[] {
  if (choices.every(({ ids }) => ids !== undefined)) return choices.map(({ ids }) => ids!.length);
  const lengths = choices.map(({ text }) => text.length);
  const length = lengths.reduce((sum, one) => sum + one, 0);
  const total = generated ?? guessed(choices.map(({ text }) => text));
  let counted = 0;
  let read = 0;
  return lengths.map((one, i) => {
    read += one;
    const upTo =
      i === lengths.length - 1 ? total : Math.round((total * read) / Math.max(1, length));
    const count = upTo - counted;
    counted = upTo;
    return count;
  });
}

export const modelList = z.object({
  data: z.array(z.object({ id: z.string(), max_model_len: z.number().nullish() })),
});

export const pooled = z.object({
  data: z
    .array(z.object({ data: z.union([z.array(z.number()), z.array(z.array(z.number()))]) }))
    .length(1),
});

export const classified = z.object({
  data: z.array(z.object({ probs: z.array(z.number()).min(1) })).length(1),
});

/** The scores of `n` items, in their order. */
export const scored = once((n) =>
  z.object({ data: z.array(z.object({ index: z.int(), score: z.number() })).length(n) }),
);

/** Ids of a text: vLLM has `count` beside them, llama.cpp has not. */
export const tokenized = z.object({ tokens: z.array(z.int()) });

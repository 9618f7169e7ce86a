/** Asking for a completion, in either of the two ways. */
import type { Cost, Price } from './budget.js';
import {
  type Completion,
  charactersIn,
  choicesOf,
  completions,
  guessed,
  messages,
  type Raw,
  usageIn,
} from './choices.js';
import { Chunks } from './chunks.js';
import { type PostOptions, smallAnswer, type Tally } from './endpoint.js';
import type { Asked } from './kept.js';

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
  | {
      readonly system?: string | undefined;
      /** What was said before. */
      readonly before?: readonly Message[];
      readonly user: string;
      readonly begun: string;
    };

/** One of a conversation, as its API has it. */
export interface Message {
  readonly role: string;
  readonly content?: unknown;
}

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
  /** Ids of the answer are below this, where they are read here. */
  readonly vocabulary?: number | undefined;
  /** Fields that only some servers know. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  readonly price?: Price | undefined;
  readonly tally?: Tally | undefined;
  /** How often an answer that is none is asked for. */
  readonly attempts?: number;
  readonly probing?: boolean;
  /** Told of the first choice so far when a line of it has ended, and once it is whole; asks for a stream. */
  readonly hear?: ((choice: Completion) => void) | undefined;
}

/**
 * Sampling that a model's own `generation_config.json` would else change; not part of OpenAI's interface, so it is sent
 * only where it is known to be taken.
 */
export const neutralSampling = { top_k: -1, min_p: 0, repetition_penalty: 1 };

/** The choices of one request. @throws GloreError as `Endpoint.post` */
export async function complete(endpoint: Asked, asking: Asking): Promise<Answer> {
  const answer = await completeAs(endpoint, asking, (found) => found);
  asking.hear?.(answer.choices[0]!);
  return answer;
}

/** What is read of the choices of one request; an answer that `read` throws `Unreadable` for is none. */
export function completeAs<T>(
  endpoint: Asked,
  asking: Asking,
  read: (answer: Answer) => T,
): Promise<T> {
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
  const { attempts, samples, tally, probing, hear } = asking;
  const fold = hear && (() => new Chunks(chat, hear));
  const cost = (answer: unknown) => costOf(answer, asking);
  const most = bytesOf(asking);
  const options: PostOptions = { attempts, samples, tally, probing, cost, most, fold };
  const answer = (raw: Raw): T =>
    read({
      choices: choicesOf(raw, asking),
      promptTokens: promptTokensIn(raw, prompt),
      cachedTokens: raw.usage?.prompt_tokens_details?.cached_tokens,
    });
  return chat
    ? endpoint.post('chat/completions', body, { shape: messages(n), read: answer }, options)
    : endpoint.post('completions', body, { shape: completions(n), read: answer }, options);
}

/** A begun answer is the last message, to be continued where it ends. */
function conversation({ system, before = [], user, begun }: Extract<Prompt, { user: string }>) {
  const messages = [
    ...(system === undefined ? [] : [{ role: 'system', content: system }]),
    ...before,
    { role: 'user', content: user },
  ];
  if (begun === '') return { messages };
  return {
    messages: [...messages, { role: 'assistant', content: begun }],
    add_generation_prompt: false,
    continue_final_message: true,
  };
}

/** What an answer has cost, good or not: what the server counts where that can be, else a guess. */
function costOf(answer: unknown, { prompt, n = 1, maxTokens, price }: Asking): Cost {
  const said = usageIn(answer);
  const length = lengthOf(prompt);
  const written = said?.completion_tokens ?? said?.output_tokens;
  return {
    prompt: promptTokensIn(answer, prompt) ?? ('ids' in prompt ? length : guessed(length)),
    // Some count the end, which is no part of the limit.
    completion: Math.min(written || guessed(charactersIn(answer)), n * (maxTokens + 1)),
    price,
  };
}

/** What the server counts of a prompt, where that can be. */
function promptTokensIn(answer: unknown, prompt: Prompt): number | undefined {
  const said = usageIn(answer);
  const count = said?.prompt_tokens ?? said?.input_tokens;
  return count !== undefined && count <= 8 * lengthOf(prompt) + templateTokens ? count : undefined;
}

/** Tokens that a server may put around a prompt. */
const templateTokens = 65_536;

/** Ids, or characters. */
const lengthOf = (prompt: Prompt): number =>
  'ids' in prompt
    ? prompt.ids.length
    : 'text' in prompt
      ? prompt.text.length
      : (prompt.system?.length ?? 0) +
        JSON.stringify(prompt.before ?? []).length +
        prompt.user.length +
        prompt.begun.length;

/**
 * Most bytes of the answer: what is written, which in a stream is an event for each token, its lists of likeliest tokens, and
 * the prompt's ids, which some repeat.
 */
const bytesOf = ({ prompt, n = 1, maxTokens, likeliest = 0, hear }: Asking): number =>
  Math.min(
    largestAnswer,
    smallAnswer + n * (maxTokens * ((hear ? 1024 : 256) + 256 * likeliest) + 16 * lengthOf(prompt)),
  );

/** No more than memory bears. */
const largestAnswer = 64 * 2 ** 20;

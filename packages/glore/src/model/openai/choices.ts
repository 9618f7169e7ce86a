/** The choices of an answer, by either way of asking: their shape, as far as it is read, and all that can be wrong with them. */
import { z } from 'zod';
import { fieldsOf, Unreadable } from './reading.js';

/** Made once for each `n`: the first use of a shape is slow. */
export function onceEach<S>(make: (n: number) => S): (n: number) => S {
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

/** A whole number from 0 on, as a number or as text. */
export function whole(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) >= 0 ? (number as number) : undefined;
}

/** Counts that say nothing are none: what an answer has cost does not decide whether it is one. */
const count = z.unknown().transform(whole).optional();
const usage = z
  .object({
    prompt_tokens: count,
    input_tokens: count,
    completion_tokens: count,
    output_tokens: count,
    prompt_tokens_details: z.object({ cached_tokens: count }).nullish().catch(undefined),
  })
  .nullish()
  .catch(undefined);

/** One of the likeliest first tokens; what is no number is named when the number is needed. */
export interface Listed {
  readonly token: string;
  readonly logprob: unknown;
}

/** Thinking comes before the text, in parts of its own. */
export const content = z
  .union([z.string(), z.array(z.unknown()).transform((parts) => parts.map(textIn).join(''))])
  .nullish();

function textIn(part: unknown): string {
  if (typeof part === 'string') return part;
  const { type = 'text', text } = fieldsOf(part);
  return (type === 'text' || type === 'output_text') && typeof text === 'string' ? text : '';
}

export const index = z.unknown().transform(whole).optional();
export const tokenIds = z.array(z.int().min(0)).nullish();

const choice = z.object({
  index,
  finish_reason: z
    .unknown()
    .transform((reason) => (typeof reason === 'string' ? reason.trim().toLowerCase() : ''))
    .optional(),
  logprobs: z.unknown().transform(firstListed).optional(),
  token_ids: tokenIds,
});
const completion = choice.extend({ text: z.string() });
const message = choice.extend({ message: z.object({ content }) });

const answers = <C extends z.ZodType>(one: C) =>
  onceEach((n) => z.object({ choices: z.array(one).length(n), usage }));

/** An answer to either, with exactly `n` choices: more or fewer are nonsense. */
export const completions = answers(completion);
export const messages = answers(message);

export interface Raw {
  readonly choices: readonly (z.output<typeof completion> | z.output<typeof message>)[];
  readonly usage?: z.output<typeof usage>;
}

/**
 * The first token's list, of the form of completions or that of chat, which llama.cpp uses for both; kept in the latter.
 * llama.cpp gives ids too, and no text for special tokens, which are spelt as vLLM does: "token_id:7".
 */
export function firstListed(logprobs: unknown) {
  const { content, top_logprobs } = fieldsOf(logprobs);
  const [first] = Array.isArray(content) ? content : [];
  const list = fieldsOf(first).top_logprobs;
  if (Array.isArray(list)) {
    const listed = list.map((one): Listed => {
      const { token, logprob, id } = fieldsOf(one);
      const text = typeof token === 'string' ? token : '';
      return { token: text === '' && id != null ? `token_id:${id}` : text, logprob };
    });
    return { content: [{ top_logprobs: listed }] };
  }
  const [record] = Array.isArray(top_logprobs) ? top_logprobs : [];
  const listed = Object.entries(fieldsOf(record)).map(([token, logprob]) => ({ token, logprob }));
  return { content: [{ top_logprobs: listed }] };
}

/** A completion, whichever way it was asked for. */
export interface Completion {
  readonly text: string;
  /** It ended by itself, not at the limit. */
  readonly finished: boolean;
  /** Tokens generated, by the server's count; where it only counts all choices together, by their share of the text. */
  readonly tokens: number;
  /** The generated ids, where the server gives them. */
  readonly ids: readonly number[] | undefined;
  /** The likeliest first tokens, where asked for. */
  readonly first: readonly Listed[];
}

/** What a choice may be. */
export interface Bounds {
  /** Most tokens of each. */
  readonly maxTokens: number;
  /** Ids are below this, where they are to be read here. */
  readonly vocabulary?: number | undefined;
}

/** The choices in the order of their indices. @throws Unreadable */
export function choicesOf({ choices, usage }: Raw, bounds: Bounds): Completion[] {
  const { maxTokens } = bounds;
  const texts = choices.map(textOf);
  const said = usage?.completion_tokens ?? usage?.output_tokens;
  const ids = choices.map((one) => one.token_ids ?? undefined);
  const counts = ids.every((one) => one !== undefined)
    ? ids.map(({ length }) => length)
    : shares(texts, countOf(texts, said, bounds));
  const read = choices.map((one, at): Completion => {
    const reason = one.finish_reason ?? '';
    if (broken.has(reason)) {
      throw new Unreadable(`a completion that ended with "${reason}", so before its end`);
    }
    checkIds(ids[at], bounds);
    if (texts[at]!.length > longest(maxTokens))
      throw tooMany(`${texts[at]!.length} characters`, maxTokens);
    return {
      text: texts[at]!,
      finished: reason === '' ? counts[at]! < maxTokens : !isCut(reason),
      tokens: counts[at]!,
      ids: ids[at],
      first: one.logprobs?.content[0]?.top_logprobs ?? [],
    };
  });
  return inOrder(
    read,
    choices.map(({ index }) => index),
  );
}

const textOf = (one: Raw['choices'][number]): string =>
  'text' in one ? one.text : (one.message.content ?? '');

/** What an answer says of its tokens, whatever else is wrong with it. */
export const usageIn = (answer: unknown): Raw['usage'] => usage.parse(fieldsOf(answer).usage);

/** Characters of an answer, whatever else is wrong with it. */
export function charactersIn(answer: unknown): number {
  const { choices } = fieldsOf(answer);
  return (Array.isArray(choices) ? choices : []).reduce((sum: number, one) => {
    const { text, message } = fieldsOf(one);
    return sum + (content.safeParse(text ?? fieldsOf(message).content).data?.length ?? 0);
  }, 0);
}

/** Reasons of what is no completion: nobody knows how it would have gone on. */
const broken = new Set(['abort', 'aborted', 'cancelled', 'canceled', 'error', 'timeout']);
broken.add('insufficient_system_resource');

/** Reasons of what has not come to its end; any other is an end. */
const isCut = (reason: string): boolean => atLimit.test(reason) || stopped.has(reason);
const atLimit = /length|max_\w{0,8}tokens?|token_limit/;
const stopped = new Set(['content_filter', 'safety', 'recitation', 'tool_calls', 'function_call']);

function checkIds(ids: readonly number[] | undefined, { maxTokens, vocabulary }: Bounds): void {
  if (ids === undefined) return;
  if (ids.length > maxTokens) throw tooMany(`${ids.length} tokens`, maxTokens);
  const unknown = vocabulary === undefined ? undefined : ids.find((id) => id >= vocabulary);
  if (unknown === undefined) return;
  throw new Unreadable(`token ${unknown}, which the codec's tokenizer of ${vocabulary} has not`);
}

/** Characters of a text of so many tokens, which may be long runs of one character. */
const longest = (maxTokens: number): number => 1024 + 128 * maxTokens;

const tooMany = (found: string, most: number): Unreadable =>
  new Unreadable(`${found} where at most ${most} tokens were asked for`);

/** Tokens of all choices together: the server's count, or a guess where that cannot be. */
function countOf(
  texts: readonly string[],
  said: number | undefined,
  { maxTokens }: Bounds,
): number {
  const guess = guessed(texts.join('').length);
  if (said === undefined || (said === 0 && guess > 0)) return guess;
  const most = texts.length * (maxTokens + 1);
  if (said <= most) return said;
  // Some count the end too, or the pieces of a special token's spelling; then the text is no longer than it may be.
  const written = texts.join('').replaceAll(/<\|[^<>|]*\|>/g, '').length;
  if (said > 1.5 * most + 16 * texts.length && said <= 4 * written && written > 64 + 5 * most) {
    throw tooMany(`${said} tokens`, texts.length * maxTokens);
  }
  return Math.min(guess, most);
}

/** Four characters to a token, where nobody counts them. */
export const guessed = (characters: number): number => Math.ceil(characters / 4);

/** Tokens of each choice, by its share of the text. */
function shares(texts: readonly string[], total: number): number[] {
  const length = Math.max(1, texts.join('').length);
  let counted = 0;
  let read = 0;
  return texts.map((text, i) => {
    read += text.length;
    const upTo = i === texts.length - 1 ? total : Math.round((total * read) / length);
    const count = upTo - counted;
    counted = upTo;
    return count;
  });
}

/** In the order of indices from 0 on, each there once; where no two differ, as they came. @throws Unreadable */
export function inOrder<T>(list: readonly T[], indices: readonly (number | undefined)[]): T[] {
  const distinct = new Set(indices);
  if (distinct.size <= 1) return [...list];
  const missing = list.findIndex((_, at) => !distinct.has(at));
  if (missing >= 0) {
    throw new Unreadable(`indices ${indices.join(', ')}, without ${missing}`);
  }
  return list.map((_, at) => list[indices.indexOf(at)]!);
}

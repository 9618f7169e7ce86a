/**
 * Requests. Fields that would change the answer and that the embedded sampler does not know are refused unless they are
 * neutral; any other unknown field is ignored, as OpenAI's clients expect.
 */
import { z } from 'zod';
import { refinement } from './extension.js';

const tokenIds = z.array(z.int().min(0));
/** Ids for each of which a value is computed. */
const fewIds = z.array(z.int().min(0)).max(1024, {
  error: ({ input }) => `expected at most 1024 token ids, found ${(input as unknown[]).length}`,
});
const seed = z.int({
  error: ({ input }) =>
    `expected a whole number from -(2^53 - 1) to 2^53 - 1, which JSON keeps exact, found ${JSON.stringify(input)}`,
});

const neutral = (values: readonly (number | boolean | string | null)[], what: string) =>
  z.literal([...values], { error: `expected ${values[0]} or nothing: ${what}` }).nullish();
const temperatureOnly = 'the embedded sampler has a temperature only';
const never = (what: string) => z.null({ error: `expected nothing: ${what}` }).optional();

const stop = z.string().min(1).max(256);

/** What sampling is asked for, by either way of asking. */
const sampling = {
  model: z.string(),
  n: z.int().min(1).nullish(),
  temperature: z.number().min(0).nullish(),
  seed: seed.nullish(),
  seeds: z.array(seed).min(1).nullish(),
  stop: z
    .union([stop, z.array(stop).max(16)], {
      error: 'expected text or a list of at most 16 texts, each of 1 to 256 characters',
    })
    .nullish(),
  stop_token_ids: fewIds.nullish(),
  ignore_eos: z.boolean().nullish(),
  max_tokens: z.int().min(1).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  return_token_ids: z.boolean().nullish(),
  return_tokens_as_token_ids: z.boolean().nullish(),
  skip_special_tokens: z.boolean().nullish(),
  logprob_token_ids: fewIds.nullish(),

  top_p: neutral([1], temperatureOnly),
  top_k: neutral([-1, 0], temperatureOnly),
  min_p: neutral([0], temperatureOnly),
  frequency_penalty: neutral([0], temperatureOnly),
  presence_penalty: neutral([0], temperatureOnly),
  repetition_penalty: neutral([1], temperatureOnly),
  min_tokens: neutral([0], 'a completion may end at once'),
  include_stop_str_in_output: neutral([false], 'stop strings are not part of the text'),
  logit_bias: z
    .record(z.string(), z.number())
    .refine((bias) => Object.keys(bias).length === 0, {
      error: `expected nothing in it: ${temperatureOnly}`,
    })
    .nullish(),
  allowed_token_ids: never(temperatureOnly),
  prompt_logprobs: never('score prefixes one by one, or with /pooling'),
  structured_outputs: never('the embedded models write solutions only'),
};

export const completionRequest = z.object({
  ...sampling,
  prompt: z.union([z.string(), tokenIds, z.array(z.string()).min(1), z.array(tokenIds).min(1)], {
    error: 'expected text, token ids, or a list of either',
  }),
  logprobs: z.int().min(0).max(1024).nullish(),
  best_of: z.int().nullish(),
  echo: neutral([false], 'the prompt is not repeated; score prefixes one by one, or with /pooling'),
  suffix: neutral(['', null], 'the embedded models write forward only'),
  glore: refinement.optional(),
});
export type CompletionRequest = z.output<typeof completionRequest>;

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const message = z.object({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool', 'function']),
  content: z
    .union([z.string(), z.array(textPart)], {
      error: 'expected text, or parts of type "text": the embedded models read nothing else',
    })
    .nullish(),
});

/** A call that has to be made, of any tool or of one. */
const noCall = z
  .literal(['none', 'auto'], {
    error: 'expected "auto", "none" or nothing: the embedded models write text and call no tools',
  })
  .nullish();

export const chatRequest = z.object({
  ...sampling,
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(1024).nullish(),
  tools: z.array(z.unknown()).nullish(),
  functions: z.array(z.unknown()).nullish(),
  tool_choice: noCall,
  function_call: noCall,
  continue_final_message: z.boolean().nullish(),
  response_format: z
    .object({ type: z.literal('text', { error: 'expected "text": there is no other format' }) })
    .nullish(),
  glore: refinement.optional(),
});
export type ChatRequest = z.output<typeof chatRequest>;

const input = z.union([z.string(), tokenIds], { error: 'expected text or token ids' });

export const scoringRequest = z.object({
  model: z.string(),
  query: input,
  items: z.union([z.array(z.string()).min(1), z.array(tokenIds).min(1)], {
    error: 'expected a list of texts, or of lists of token ids',
  }),
  label_token_ids: fewIds.min(1),
  apply_softmax: z.boolean().nullish(),
  item_first: z.boolean().nullish(),
});

export const poolingRequest = z.object({
  model: z.string(),
  input: z.union([z.string(), tokenIds, z.array(z.string()).min(1), z.array(tokenIds).min(1)], {
    error: 'expected text, token ids, or a list of either',
  }),
  task: z
    .literal('token_classify', { error: 'expected "token_classify": a value after each token' })
    .nullish(),
});

export const tokenizeRequest = z.object({ model: z.string().nullish(), prompt: z.string() });
export const detokenizeRequest = z.object({
  model: z.string().nullish(),
  tokens: z.array(z.int().min(0)),
});

/** One text or list of ids, or several, as a list. */
export function listOf(
  prompt: string | readonly number[] | readonly string[] | readonly (readonly number[])[],
): (string | readonly number[])[] {
  if (typeof prompt === 'string') return [prompt];
  // An empty list is an empty prompt.
  return typeof prompt[0] === 'number' || prompt.length === 0
    ? [prompt as readonly number[]]
    : [...(prompt as string[])];
}

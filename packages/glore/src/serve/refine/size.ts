/** How much an answer may come to, known before anything of it is computed. */
import type { Hosted } from '../batch/index.js';
import type { ChatRequest, CompletionRequest, Limits } from '../protocol/index.js';
import { checkLimit } from '../protocol/index.js';

/**
 * Most tokens of an answer, each log-probability beside them counted too.
 *
 * @throws ApiError `limit_exceeded`
 */
export function answerSize(
  request: CompletionRequest | ChatRequest,
  limits: Limits,
  {
    prompts,
    maxTokens,
    passes = 1,
    top,
    config: { maxPositions, vocabSize },
  }: {
    readonly prompts: number;
    /** Where the request does not say. */
    readonly maxTokens: number;
    /** Solutions that are written for one choice. */
    readonly passes?: number;
    /** Likeliest tokens shown with each; undefined for no log-probabilities. */
    readonly top?: number | undefined;
    readonly config: Hosted['reads'];
  },
): number {
  const choices = prompts * (request.n ?? 1);
  checkLimit(limits, 'maxChoices', choices, { param: 'n', what: 'choices of all prompts' });
  const tokens = passes * Math.min(request.max_tokens ?? maxTokens, maxPositions);
  const shown = top === undefined ? 0 : Math.min(top, vocabSize) + of(request);
  const factors = { n: choices, max_tokens: tokens, logprobs: 1 + shown };
  const [[param]] = Object.entries(factors).sort(([, a], [, b]) => b - a) as [[string, number]];
  const size = choices * tokens * (1 + shown);
  checkLimit(limits, 'maxAnswer', size, {
    param,
    what: `tokens and log-probabilities in an answer (${choices} choices x ${tokens} tokens x ${1 + shown})`,
  });
  return size;
}

const of = ({ logprob_token_ids }: CompletionRequest | ChatRequest): number =>
  logprob_token_ids?.length ?? 0;

/**
 * `POST /v1/chat/completions`. The models know one question at a time: it is the last message of the user. The refining
 * model hands to the student, as it is, what has no question to be refined.
 */

import type { Hosted } from '../batch/index.js';
import type { Route } from '../protocol/index.js';
import { type ChatRequest, chatRequest, invalid } from '../protocol/index.js';
import {
  answerPlain,
  answerRefined,
  chatFormat,
  refinementOf,
  refiningModel,
  roleOf,
  samplingOf,
} from '../refine/index.js';
import { refuseRefinement, sendingOf } from './completions.js';

export const chat = (hosted: Hosted): Route<typeof chatRequest> => ({
  path: '/v1/chat/completions',
  schema: chatRequest,
  async answer(asked, exchange) {
    const { codec, tokenizer, maxTokens } = hosted;
    const passed = asked.model === refiningModel ? reasonToPass(asked) : undefined;
    if (passed) exchange.note({ passed });
    const request = passed ? { ...asked, model: 'student', glore: undefined } : asked;
    const limit = request.max_completion_tokens ?? request.max_tokens;
    const limited = { ...request, max_tokens: limit };
    const format = chatFormat(request, tokenizer);
    const sending = sendingOf(request, format);
    if (request.model === refiningModel) {
      const refinement = refinementOf(request, hosted);
      const question = questionOf(request);
      const sampling = samplingOf(limited, 1, codec, { maxTokens, temperature: 0 });
      return answerRefined(hosted, [question], refinement, sampling, sending, exchange);
    }
    const role = roleOf(hosted, request.model);
    refuseRefinement(request);
    if (request.model !== 'student') {
      throw invalid(
        `model: expected "${refiningModel}" or "student", found "${request.model}", which reads no conversation; use /v1/completions`,
        'unsupported',
        'model',
      );
    }
    const prompt = [...codec.prompt(questionOf(request)), ...tokenizer.encode(begun(request))];
    const sampling = samplingOf(limited, 1, codec, { maxTokens, temperature: 1, top: format.top });
    return answerPlain(hosted, role, [prompt], sampling, sending, exchange);
  },
});

/** Why there is nothing to refine; undefined where there is. */
function reasonToPass(request: ChatRequest): string | undefined {
  if ((request.tools?.length ?? 0) + (request.functions?.length ?? 0) > 0) return 'tools';
  const last = request.messages.at(-1)!;
  return last.role === 'user' && textOf(last).trim() !== '' ? undefined : 'no question';
}

/** @throws ApiError `invalid_value` without a message of the user */
function questionOf({ messages }: ChatRequest): string {
  const question = messages.findLast(({ role }) => role === 'user');
  const text = question ? textOf(question).trim() : '';
  if (text !== '') return text;
  throw invalid(
    'messages: expected a message of the user with a question in it, found none',
    'invalid_value',
    'messages',
  );
}

/** The beginning of the answer, where the last message is to be continued. */
function begun({ messages, continue_final_message }: ChatRequest): string {
  const last = messages.at(-1)!;
  return continue_final_message && last.role === 'assistant' ? textOf(last) : '';
}

const textOf = ({ content }: ChatRequest['messages'][number]): string =>
  typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('');

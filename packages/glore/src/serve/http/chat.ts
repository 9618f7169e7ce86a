/**
 * `POST /v1/chat/completions`. The models know one question at a time: it is the last message of the user. The refining
 * model hands to the student, as it is, what has no question to be refined.
 */

import { z } from 'zod';
import { textOf } from '../../upstream/index.js';
import type { Hosted } from '../batch/index.js';
import type { Limits, Route } from '../protocol/index.js';
import { type ChatRequest, chatRequest, invalid } from '../protocol/index.js';
import {
  answerPlain,
  answerRefined,
  answerSize,
  candidatesOf,
  chatFormat,
  chatTop,
  checkSequence,
  checkTexts,
  questionsFor,
  refinementOf,
  refiningModel,
  roleOf,
  samplingOf,
} from '../refine/index.js';
import { refuseRefinement, sendingOf } from './completions.js';

export const chat = (hosted: Hosted, limits: Limits): Route<typeof chatRequest> => ({
  path: '/v1/chat/completions',
  schema: chatRequest,
  size(asked) {
    const { request } = read(asked);
    const { maxTokens, reads: config } = hosted;
    const shown =
      request.model === refiningModel
        ? { passes: candidatesOf(request) }
        : { top: chatTop(request) };
    return answerSize(request, limits, { prompts: 1, maxTokens, config, ...shown });
  },
  async answer(asked, exchange) {
    const { codec, tokenizer, maxTokens } = hosted;
    const { request, passed } = read(asked);
    if (passed) exchange.note({ passed });
    const format = chatFormat(request, tokenizer);
    const sending = sendingOf(request, format);
    if (request.model === refiningModel) {
      const refinement = refinementOf(request, hosted);
      const question = questionOf(request);
      checkTexts(hosted, hosted.reads, [question], 'messages');
      const sampling = samplingOf(request, 1, codec, { maxTokens, temperature: 0 });
      return answerRefined(
        hosted,
        questionsFor(hosted, [question], 'messages'),
        refinement,
        sampling,
        sending,
        exchange,
      );
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
    const texts = [questionOf(request), begun(request)] as const;
    checkTexts(hosted, role.batcher.config, texts, 'messages');
    const prompt = [...codec.prompt(texts[0]), ...tokenizer.encode(texts[1])];
    const most = role.batcher.config.maxPositions - 1;
    checkSequence(role, prompt, { param: 'messages', most });
    const sampling = samplingOf(request, 1, codec, { maxTokens, temperature: 1, top: format.top });
    return answerPlain(hosted, role, [prompt], sampling, sending, exchange);
  },
});

/** The request as it is answered: by the student, and why, where there is nothing to refine. */
function read(asked: ChatRequest) {
  const passed = asked.model === refiningModel ? reasonToPass(asked) : undefined;
  const max_tokens = asked.max_completion_tokens ?? asked.max_tokens;
  const request = { ...asked, max_tokens, ...(passed && { model: 'student', glore: undefined }) };
  return { request, passed };
}

/** Why a request is answered by the student as it is, by its body alone; undefined where it is not. */
export function goesToStudent(body: unknown): string | undefined {
  const { success, data } = looked.safeParse(body);
  return success && data.model === refiningModel ? reasonToPass(data) : undefined;
}

const looked = z.looseObject({
  model: z.string(),
  messages: z.array(z.looseObject({ role: z.string(), content: z.unknown().optional() })).min(1),
  tools: z.array(z.unknown()).nullish(),
  functions: z.array(z.unknown()).nullish(),
});

/** Why there is nothing to refine; undefined where there is. */
function reasonToPass(request: z.output<typeof looked>): string | undefined {
  if ((request.tools?.length ?? 0) + (request.functions?.length ?? 0) > 0) return 'tools';
  const last = request.messages.at(-1)!;
  return last.role === 'user' && textOf(last.content)?.trim() ? undefined : 'no question';
}

/** @throws ApiError `invalid_value` without a message of the user */
function questionOf({ messages }: ChatRequest): string {
  const question = messages.findLast(({ role }) => role === 'user');
  const text = question ? textOf(question.content)!.trim() : '';
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
  return continue_final_message && last.role === 'assistant' ? textOf(last.content)! : '';
}

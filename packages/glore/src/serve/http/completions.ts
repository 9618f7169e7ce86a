/** `POST /v1/completions`: every model continues tokens; the refining model reads a prompt as its question. */

import type { Hosted } from '../batch/index.js';
import type { Limits, Route } from '../protocol/index.js';
import { type CompletionRequest, completionRequest, invalid, listOf } from '../protocol/index.js';
import {
  answerPlain,
  answerRefined,
  answerSize,
  candidatesOf,
  checkIds,
  checkTexts,
  completionFormat,
  completionTop,
  empty,
  questionsFor,
  readPrompts,
  refinementOf,
  refiningModel,
  roleOf,
  samplingOf,
  withoutSpecial,
} from '../refine/index.js';

/** OpenAI's own default. */
const defaultMaxTokens = 16;

export const completions = (hosted: Hosted, limits: Limits): Route<typeof completionRequest> => ({
  path: '/v1/completions',
  schema: completionRequest,
  size(request) {
    const prompts = listOf(request.prompt).length;
    const refined = request.model === refiningModel;
    const config = refined ? hosted.reads : roleOf(hosted, request.model).batcher.config;
    return answerSize(
      request,
      limits,
      refined
        ? { prompts, config, maxTokens: hosted.maxTokens, passes: candidatesOf(request) }
        : { prompts, config, maxTokens: defaultMaxTokens, top: completionTop(request) },
    );
  },
  async answer(request, exchange) {
    const { codec, tokenizer } = hosted;
    const given = listOf(request.prompt);
    const format = completionFormat(request, tokenizer);
    const sending = sendingOf(request, format);
    if (request.best_of != null && request.best_of !== (request.n ?? 1)) {
      throw invalid(
        'best_of: expected n or nothing: all samples are returned',
        'unsupported',
        'best_of',
      );
    }
    if (request.model === refiningModel) {
      const refinement = refinementOf(request, hosted);
      const { student } = hosted.roles;
      checkTexts(hosted, hosted.reads, given, 'prompt');
      const questions = given.map((prompt) => {
        if (typeof prompt !== 'string' && student) checkIds(student, prompt, 'prompt');
        const text = typeof prompt === 'string' ? prompt : tokenizer.decode(prompt);
        const question = withoutSpecial(text).trim();
        if (question === '') throw empty('prompt');
        return question;
      });
      const sampling = samplingOf(request, questions.length, codec, {
        maxTokens: hosted.maxTokens,
        temperature: 0,
      });
      return answerRefined(
        hosted,
        questionsFor(hosted, questions, 'prompt'),
        refinement,
        sampling,
        sending,
        exchange,
      );
    }
    const role = roleOf(hosted, request.model);
    refuseRefinement(request);
    const { signal } = exchange;
    const prompts = await readPrompts(hosted, role, given, { param: 'prompt', signal });
    const sampling = samplingOf(request, prompts.length, codec, {
      maxTokens: defaultMaxTokens,
      temperature: 1,
      top: format.top,
    });
    return answerPlain(hosted, role, prompts, sampling, sending, exchange);
  },
});

export const sendingOf = (
  { model, stream, stream_options }: Pick<CompletionRequest, 'model' | 'stream' | 'stream_options'>,
  format: ReturnType<typeof completionFormat>,
) => ({
  model,
  format,
  stream: stream ?? false,
  usage: stream_options?.include_usage ?? false,
});

/** @throws ApiError `unsupported` where a plain model is asked to refine */
export function refuseRefinement({
  glore,
  model,
}: Pick<CompletionRequest, 'glore' | 'model'>): void {
  if (!glore) return;
  throw invalid(
    `glore: expected it with the model "${refiningModel}", found "${model}", which is not refined`,
    'unsupported',
    'glore',
  );
}

/** `POST /v1/completions`: every model continues tokens; the refining model reads a prompt as its question. */
import { answerPlain, answerRefined } from './answer.js';
import type { Endpoint } from './exchange.js';
import { invalid } from './failure.js';
import { completionFormat } from './format.js';
import { refinementOf, refiningModel } from './refining.js';
import { samplingOf } from './sampling.js';
import { type CompletionRequest, completionRequest, listOf } from './schema.js';
import { roleOf, type Served } from './served.js';
import { readPrompt, withoutSpecial } from './text.js';

/** OpenAI's own default. */
const defaultMaxTokens = 16;

export const completions = (served: Served): Endpoint<typeof completionRequest> => ({
  path: '/v1/completions',
  schema: completionRequest,
  async answer(request, exchange) {
    const { codec, tokenizer } = served;
    const given = listOf(request.prompt);
    const format = completionFormat(request, tokenizer);
    const sending = sendingOf(request, format);
    if (request.model === refiningModel) {
      const refinement = refinementOf(request, served);
      const questions = given.map((prompt) =>
        withoutSpecial(typeof prompt === 'string' ? prompt : tokenizer.decode(prompt)).trim(),
      );
      const sampling = samplingOf(request, questions.length, codec, {
        maxTokens: served.maxTokens,
        temperature: 0,
      });
      return answerRefined(served, questions, refinement, sampling, sending, exchange);
    }
    const role = roleOf(served, request.model);
    refuseRefinement(request);
    if (request.best_of != null && request.best_of !== (request.n ?? 1)) {
      throw invalid(
        'best_of: expected n or nothing: all samples are returned',
        'unsupported',
        'best_of',
      );
    }
    const prompts = given.map((prompt) =>
      typeof prompt === 'string' ? readPrompt(tokenizer, prompt) : prompt,
    );
    const sampling = samplingOf(request, prompts.length, codec, {
      maxTokens: defaultMaxTokens,
      temperature: 1,
      top: format.top,
    });
    return answerPlain(served, role, prompts, sampling, sending, exchange);
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

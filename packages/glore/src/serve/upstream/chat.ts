/**
 * `POST /v1/chat/completions` in front of another server. The models `glore` and that of the server refine what is a problem;
 * all else, and other models, are passed through. A header of the answer says which.
 */
import { z } from 'zod';
import type { Message } from '../../model/openai/index.js';
import { usualTemperature } from '../../refine/index.js';
import {
  type ChatBody,
  chatBody,
  reasonToPass,
  textOf,
  type Upstream,
} from '../../upstream/index.js';
import type { Refiner } from '../batch/index.js';
import { passThrough } from '../http/index.js';
import { type Answer, type Exchange, type Route, refinement } from '../protocol/index.js';
import { answerRefined, chatText, refinementBy, refiningModel, seedsOf } from '../refine/index.js';

export interface Serving extends Omit<Refiner, 'rolesFor' | 'temperature'> {
  readonly upstream: Upstream;
  /** Most tokens of a solution, where a request does not say. */
  readonly maxTokens: number;
}

/** The header that says how an answer came about. */
const HEADER = 'x-glore';

export const refiningChat = (serving: Serving): Route<typeof chatBody> => ({
  path: '/v1/chat/completions',
  schema: chatBody,
  // What the server bears is the server's to say.
  size: () => 1,
  async answer(body, exchange, bytes) {
    const { upstream } = serving;
    const known = body.model === refiningModel || body.model === upstream.model;
    const reason = known ? reasonToPass(body) : 'another model';
    if (reason === undefined) return refined(serving, body, exchange);
    exchange.note({ model: body.model, passed: reason, stream: body.stream ?? false });
    const { glore: _, ...plain } = body;
    const untouched = body.model !== refiningModel && body.glore === undefined;
    return passThrough(
      upstream.endpoint,
      exchange,
      untouched ? bytes : JSON.stringify({ ...plain, model: known ? upstream.model : body.model }),
      { [HEADER]: `passed; ${reason}` },
    );
  },
});

/** Whatever else is asked below `/v1`. */
export const others = ({ upstream }: Serving): Route<z.ZodUnknown> => ({
  path: '/v1/*',
  schema: z.unknown(),
  anything: true,
  size: () => 1,
  answer(_, exchange, bytes) {
    exchange.note({ passed: 'another path' });
    return passThrough(upstream.endpoint, exchange, bytes, { [HEADER]: 'passed; another path' });
  },
});

/** Fields that are read here; all others are the sampler's. */
const read = z.looseObject({
  temperature: z.number().min(0).nullish(),
  seed: z.int().nullish(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  glore: refinement.optional(),
});

/** Of the request itself, not of its sampling. */
const ofRequest = ['model', 'messages', 'stream', 'n', 'user', 'metadata', 'store'];

function refined(serving: Serving, body: ChatBody, exchange: Exchange): Promise<Answer> {
  const { upstream, maxTokens } = serving;
  const { temperature, seed, max_tokens, max_completion_tokens, stream_options, glore, ...rest } =
    read.parse(body);
  const sampling = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => !ofRequest.includes(name) && value != null),
  );
  const before = body.messages.slice(0, -1).map((message): Message => message);
  const refiner: Refiner = {
    ...serving,
    temperature: usualTemperature,
    rolesFor: ({ maxTokens, budget, signal }) =>
      upstream.turn({ maxTokens, budget, signal, before, sampling }),
  };
  return answerRefined(
    refiner,
    { texts: [textOf(body.messages.at(-1)!.content)!], fingerprint: 'upstream' },
    refinementBy(glore ?? {}, refiner),
    {
      n: 1,
      seeds: seedsOf(seed, 1),
      temperature: temperature ?? 0,
      maxTokens: max_tokens ?? max_completion_tokens ?? maxTokens,
    },
    {
      model: body.model,
      format: chatText,
      stream: body.stream ?? false,
      usage: stream_options?.include_usage ?? false,
      headers: { [HEADER]: 'refined' },
    },
    exchange,
  );
}

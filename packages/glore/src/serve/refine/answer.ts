/** The two kinds of answers, in whichever format: samples of one model, and answers of the refining model. */

import type { Costs } from '../../upstream/index.js';
import type { Hosted, HostedRole, Refiner } from '../batch/index.js';
import type { Answer, Exchange } from '../protocol/index.js';
import type { Format } from './format.js';
import { costsOf, type Refined, type Refinement, refineAll, traceOf } from './refining.js';
import { checkIds, type Questions } from './roles.js';
import { type Choice, type Sampling, sample, textOf } from './sampling.js';

/** How the answer is sent. */
export interface Sending {
  readonly model: string;
  readonly format: Format;
  readonly stream: boolean;
  /** The stream ends with a chunk of the usage. */
  readonly usage: boolean;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Choices of one model, as its sampler draws them. */
export async function answerPlain(
  hosted: Hosted,
  role: HostedRole,
  prompts: readonly (readonly number[])[],
  sampling: Sampling,
  sending: Sending,
  exchange: Exchange,
): Promise<Answer> {
  const { format } = sending;
  // What is wrong is said before a stream begins.
  checkIds(role, sampling.stopIds, 'stop_token_ids');
  checkIds(role, sampling.logprobs?.of ?? [], 'logprob_token_ids');
  const promptTokens = prompts.reduce((sum, { length }) => sum + length, 0);
  const head = heading(sending, exchange, role.fingerprint);
  exchange.note({ model: sending.model, stream: sending.stream, promptTokens });
  const done = (choices: readonly Choice[]) => {
    const generatedTokens = choices.reduce((sum, { pieces }) => sum + pieces.length, 0);
    const finish = choices.map(({ finish }) => finish);
    exchange.note({ choices: choices.length, generatedTokens, finish });
    return usageOf(promptTokens, generatedTokens);
  };

  if (!sending.stream) {
    const choices = await sample(role, hosted, prompts, sampling, exchange);
    return {
      json: {
        ...head(format.object),
        choices: choices.map((choice, index) =>
          format.choice(index, textOf(choice), choice.finish, choice.pieces),
        ),
        usage: done(choices),
      },
    };
  }
  return {
    async stream(send) {
      const chunk = head(format.chunkObject);
      if (format.opening) {
        for (const index of sampling.seeds.keys()) {
          send({ ...chunk, choices: [format.opening(index)] });
        }
      }
      const choices = await sample(role, hosted, prompts, sampling, {
        signal: exchange.signal,
        listener: (index, event) => {
          if ('finish' in event) {
            send({ ...chunk, choices: [format.part(index, event.rest, event.finish, [])] });
          } else if (event.piece.delta !== '' || format.showsTokens) {
            const { piece } = event;
            exchange.firstText();
            send({ ...chunk, choices: [format.part(index, piece.delta, null, [piece])] });
          }
        },
      });
      const usage = done(choices);
      if (sending.usage) send({ ...chunk, choices: [], usage });
    },
  };
}

/** Answers of the refining model, with the trace; streamed, each event of the trace comes when it happens. */
export async function answerRefined(
  refiner: Refiner,
  { texts: questions, promptTokens, fingerprint }: Questions,
  refinement: Refinement,
  sampling: Pick<Sampling, 'n' | 'seeds' | 'temperature' | 'maxTokens'>,
  sending: Sending,
  exchange: Exchange,
): Promise<Answer> {
  const { format } = sending;
  const head = heading(sending, exchange, fingerprint);
  exchange.note({ model: sending.model, stream: sending.stream, promptTokens });
  const each = questions.flatMap((question) => Array<string>(sampling.n).fill(question));
  const options = { ...sampling, refinement, signal: exchange.signal };
  const done = (all: readonly Refined[]) => {
    const generatedTokens = all.reduce((sum, { tokens }) => sum + tokens, 0);
    const others = all.reduce((sum, { otherTokens }) => sum + otherTokens, 0);
    const sources = all.map(({ source }) => source);
    const finish = all.map(({ finish }) => finish);
    const costs = costsOf(all);
    const notes = all.flatMap((one) => one.notes);
    const read = promptTokens ?? sumOf(costs);
    exchange.note({
      ...{ choices: all.length, promptTokens: read, generatedTokens, finish, sources, costs },
      ...(notes.length > 0 && { notes }),
    });
    // OpenAI's name for tokens that were paid for and are not in the answer.
    return {
      ...usageOf(read, generatedTokens),
      completion_tokens_details: { reasoning_tokens: others },
    };
  };

  if (!sending.stream) {
    const all = await refineAll(refiner, each, { ...options, observe: exchange.observe });
    return {
      ...(sending.headers && { headers: sending.headers }),
      json: {
        ...head(format.object),
        choices: all.map(({ text, finish }, index) => format.choice(index, text, finish, [])),
        usage: done(all),
        glore: traceOf(refinement, all),
      },
    };
  }
  return {
    ...(sending.headers && { headers: sending.headers }),
    async stream(send) {
      const chunk = head(format.chunkObject);
      if (format.opening) {
        for (const index of each.keys()) send({ ...chunk, choices: [format.opening(index)] });
      }
      // An empty part of the choice, which other clients add to the text without noticing.
      const tell = (event: { readonly index: number; readonly stage: string; round: number }) =>
        send({ ...chunk, choices: [format.part(event.index, '', null, [])], glore: { event } });
      const all = await refineAll(refiner, each, {
        ...options,
        observe: (event, round) => {
          exchange.observe(event);
          tell({ ...event, round });
        },
        ...(refinement.lines && {
          hear: (written, round) => tell({ stage: 'writing', round, ...written }),
        }),
      });
      exchange.firstText();
      for (const [index, { text, finish }] of all.entries()) {
        for (const line of text.match(/[^\n]*\n|[^\n]+/g) ?? []) {
          send({ ...chunk, choices: [format.part(index, line, null, [])] });
        }
        send({
          ...chunk,
          choices: [format.part(index, '', finish, [])],
          ...(index === all.length - 1 && { glore: traceOf(refinement, all) }),
        });
      }
      const usage = done(all);
      if (sending.usage) send({ ...chunk, choices: [], usage });
    },
  };
}

const sumOf = (costs: Costs): number =>
  Object.values(costs).reduce((sum, { promptTokens }) => sum + promptTokens, 0);

/** What every answer and chunk of one request begins with. */
function heading({ model, format }: Sending, { id }: Exchange, fingerprint: string) {
  const created = Math.floor(Date.now() / 1000);
  return (object: string) => ({
    id: `${format.prefix}-${id}`,
    object,
    created,
    model,
    system_fingerprint: `fp_${fingerprint.slice(0, 16)}`,
  });
}

const usageOf = (prompt: number, completion: number) => ({
  prompt_tokens: prompt,
  completion_tokens: completion,
  total_tokens: prompt + completion,
});

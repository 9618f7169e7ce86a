/** Samples for requests: prompts and their choices in, text with its tokens out, piece by piece if that is wanted. */
import { randomInt } from 'node:crypto';
import type { Drawn, TokenLogprobs } from '@glore/engine';
import type { Codec } from '../../codec/index.js';
import type { Hosted, HostedRole } from '../batch/index.js';
import type { ChatRequest, CompletionRequest } from '../protocol/index.js';
import { invalid } from '../protocol/index.js';
import { TextReader } from './text.js';

/** What a request asks of the sampler, read from either kind. */
export interface Sampling {
  readonly n: number;
  readonly temperature: number;
  readonly maxTokens: number;
  /** One for each choice of all prompts. */
  readonly seeds: readonly number[];
  readonly stops: readonly string[];
  readonly stopIds: readonly number[];
  readonly skipSpecial: boolean;
  readonly logprobs: { readonly top: number; readonly of: readonly number[] } | undefined;
}

/** A token of a choice, with the text that is certain since it arrived. */
export interface Piece {
  readonly id: number;
  readonly delta: string;
  readonly logprobs?: TokenLogprobs | undefined;
}

/** A finished choice: its pieces, and the text held back until the end. */
export interface Choice {
  readonly pieces: readonly Piece[];
  readonly rest: string;
  readonly finish: 'stop' | 'length';
}

/** The pieces of one choice as they arrive; `finish` comes with the last, which may have no token. */
export type Listener = (
  index: number,
  event: { readonly piece: Piece } | { readonly rest: string; readonly finish: Choice['finish'] },
) => void;

/** A seed for each choice, in the order of the choices. They count modulo 2^32, in which sums of all choices stay exact. */
export function seedsOf(seed: number | null | undefined, choices: number): number[] {
  const first = (seed ?? randomInt(2 ** 31)) % 2 ** 32;
  return Array.from({ length: choices }, (_, i) => first + i);
}

/** The sampler's settings of a request for `prompts` prompts. Without a seed each request draws anew. */
export function samplingOf(
  request: CompletionRequest | ChatRequest,
  prompts: number,
  { ids }: Codec,
  defaults: {
    readonly maxTokens: number;
    readonly temperature: number;
    readonly top?: number | undefined;
  },
): Sampling {
  const { temperature, max_tokens, seed, seeds, stop, stop_token_ids, ignore_eos } = request;
  const n = request.n ?? 1;
  if (seeds && seeds.length !== prompts * n) {
    throw invalid(
      `seeds: expected one for each choice, ${prompts * n}, found ${seeds.length}`,
      'invalid_value',
      'seeds',
    );
  }
  const of = request.logprob_token_ids ?? [];
  return {
    n,
    temperature: temperature ?? defaults.temperature,
    maxTokens: max_tokens ?? defaults.maxTokens,
    seeds: seeds ?? seedsOf(seed, prompts * n),
    stops: typeof stop === 'string' ? [stop] : (stop ?? []),
    stopIds: [...(ignore_eos ? [] : [ids.eos]), ...(stop_token_ids ?? [])],
    skipSpecial: request.skip_special_tokens ?? true,
    logprobs: defaults.top === undefined ? undefined : { top: defaults.top, of },
  };
}

/** The choices of all prompts: those of the first prompt, of the second, .. */
export async function sample(
  { batcher }: HostedRole,
  { codec, tokenizer }: Hosted,
  prompts: readonly (readonly number[])[],
  sampling: Sampling,
  { signal, listener }: { readonly signal: AbortSignal; readonly listener?: Listener },
): Promise<Choice[]> {
  const { n, temperature, maxTokens, seeds, stops, logprobs } = sampling;
  const skipped = new Set<number>(sampling.skipSpecial ? Object.values(codec.ids) : []);
  const ends = new Set(sampling.stopIds);
  const writers = seeds.map((_, index) => {
    const reader = new TextReader(tokenizer, stops, skipped);
    const pieces: Piece[] = [];
    return {
      pieces,
      /** Takes a token; true if a stop string ends the choice with it. */
      take({ token, logprobs }: Pick<Drawn, 'token' | 'logprobs'>): boolean {
        // The token that ends a choice has no text.
        const delta = ends.has(token) ? '' : reader.push(token);
        const piece = { id: token, delta, logprobs };
        pieces.push(piece);
        listener?.(index, { piece });
        if (reader.stopped) listener?.(index, { rest: '', finish: 'stop' });
        return reader.stopped;
      },
      finish(finish: Choice['finish']): Choice {
        if (reader.stopped) return { pieces, rest: '', finish: 'stop' };
        const rest = reader.end();
        listener?.(index, { rest, finish });
        return { pieces, rest, finish };
      },
      get stopped() {
        return reader.stopped;
      },
    };
  });
  const hear = (drawn: readonly Drawn[]): number[] =>
    drawn.flatMap((one) => {
      const writer = writers[one.branch]!;
      return writer.stopped || writer.take(one) ? [one.branch] : [];
    });
  const { completions } = await batcher.generate(
    {
      contexts: prompts.map((tokens, i) => ({
        tokens,
        branches: seeds.slice(i * n, (i + 1) * n).map((seed) => ({ length: tokens.length, seed })),
      })),
      temperature,
      maxTokens,
      stop: sampling.stopIds,
      ...(logprobs && { logprobs }),
    },
    // Tokens are wanted early to show them, or to find stop strings.
    { signal, ...((listener || stops.length > 0) && { hear }) },
  );
  return completions.flat().map(({ tokens, finish, logprobs }, index) => {
    const writer = writers[index]!;
    for (let k = writer.pieces.length; k < tokens.length && !writer.stopped; k++) {
      writer.take({ token: tokens[k]!, ...(logprobs && { logprobs: logprobs[k]! }) });
    }
    return writer.finish(finish === 'stop' ? 'stop' : 'length');
  });
}

export const textOf = ({ pieces, rest }: Choice): string =>
  pieces.map(({ delta }) => delta).join('') + rest;

/** Choices in the two shapes of OpenAI's interface, with vLLM's additions where a client of token ids needs them. */
import type { Tokenizer } from '@glore/engine';
import type { ChatRequest, CompletionRequest } from '../protocol/index.js';
import type { Piece } from './sampling.js';
import { spell } from './text.js';

/** How the choices of one request look. */
export interface Format {
  /** The field in which a request has what it asks. */
  readonly asks: 'prompt' | 'messages';
  readonly object: string;
  readonly chunkObject: string;
  readonly prefix: string;
  /** So many of the likeliest tokens are shown with each; undefined for no log-probabilities. */
  readonly top: number | undefined;
  /** Tokens are shown even where they add no text. */
  readonly showsTokens: boolean;
  choice(index: number, text: string, finish: string, pieces: readonly Piece[]): object;
  /** A part of a streamed choice. */
  part(index: number, text: string, finish: string | null, pieces: readonly Piece[]): object;
  /** What the stream of a choice begins with. */
  opening?(index: number): object;
}

/** Likeliest tokens shown with each, as completions ask for them. */
export const completionTop = (request: CompletionRequest): number | undefined =>
  request.logprobs ?? (request.logprob_token_ids ? 0 : undefined);

/** The same as chat asks for them. */
export const chatTop = (request: ChatRequest): number | undefined =>
  request.logprobs || request.logprob_token_ids ? (request.top_logprobs ?? 0) : undefined;

export function completionFormat(request: CompletionRequest, tokenizer: Tokenizer): Format {
  const top = completionTop(request);
  const name = namer(request, tokenizer);
  const lengths = new Map<number, number>();
  const logprobs = (pieces: readonly Piece[], offset: number) => {
    if (top === undefined || pieces.length === 0) return null;
    let end = offset;
    return {
      tokens: pieces.map(({ id }) => name(id)),
      token_logprobs: pieces.map(({ logprobs }) => logprobs!.logprob),
      top_logprobs: pieces.map((piece) => {
        const likely: Record<string, number> = {};
        for (const [id, logprob] of alternatives(piece, request)) likely[name(id)] ??= logprob;
        return likely;
      }),
      text_offset: pieces.map(({ delta }) => {
        end += delta.length;
        return end - delta.length;
      }),
    };
  };
  const choice: Format['part'] = (index, text, finish, pieces) => {
    const offset = lengths.get(index) ?? 0;
    lengths.set(index, offset + text.length);
    return {
      index,
      text,
      finish_reason: finish,
      logprobs: logprobs(pieces, offset),
      ...tokenIds(request, pieces),
    };
  };
  return {
    asks: 'prompt',
    object: 'text_completion',
    chunkObject: 'text_completion',
    prefix: 'cmpl',
    top,
    showsTokens: top !== undefined || request.return_token_ids === true,
    choice,
    part: choice,
  };
}

export function chatFormat(request: ChatRequest, tokenizer: Tokenizer): Format {
  const top = chatTop(request);
  const name = namer(request, tokenizer);
  const bytesOf = once((id: number) => [...Buffer.from(name(id))]);
  const entry = (id: number, logprob: number) => ({ token: name(id), logprob, bytes: bytesOf(id) });
  const rest = (finish: string | null, pieces: readonly Piece[]) => ({
    finish_reason: finish,
    logprobs:
      top === undefined || pieces.length === 0
        ? null
        : {
            content: pieces.map((piece) => ({
              ...entry(piece.id, piece.logprobs!.logprob),
              top_logprobs: alternatives(piece, request)
                .slice(0, top === 0 && !request.logprob_token_ids ? 0 : undefined)
                .map(([id, logprob]) => entry(id, logprob)),
            })),
            refusal: null,
          },
    ...tokenIds(request, pieces),
  });
  return {
    ...chatText,
    top,
    showsTokens: top !== undefined || request.return_token_ids === true,
    choice: (index, content, finish, pieces) => ({
      index,
      message: { role: 'assistant', content, refusal: null },
      ...rest(finish, pieces),
    }),
    part: (index, content, finish, pieces) => ({
      index,
      delta: content === '' ? {} : { content },
      ...rest(finish, pieces),
    }),
  };
}

/** Chat of text alone. */
export const chatText: Format = {
  asks: 'messages',
  object: 'chat.completion',
  chunkObject: 'chat.completion.chunk',
  prefix: 'chatcmpl',
  top: undefined,
  showsTokens: false,
  choice: (index, content, finish) => ({
    index,
    message: { role: 'assistant', content, refusal: null },
    finish_reason: finish,
    logprobs: null,
  }),
  part: (index, content, finish) => ({
    index,
    delta: content === '' ? {} : { content },
    finish_reason: finish,
    logprobs: null,
  }),
  opening: (index) => ({
    index,
    delta: { role: 'assistant', content: '' },
    finish_reason: null,
    logprobs: null,
  }),
};

type Request = CompletionRequest | ChatRequest;

const namer = ({ return_tokens_as_token_ids }: Request, tokenizer: Tokenizer) =>
  once((id: number): string => spell(tokenizer, id, return_tokens_as_token_ids ?? false));

/** With log-probabilities the same ids are spelt again and again. */
function once<T>(make: (id: number) => T): (id: number) => T {
  const made = new Map<number, T>();
  return (id) => {
    let one = made.get(id);
    if (one === undefined) {
      one = make(id);
      made.set(id, one);
    }
    return one;
  };
}

/** vLLM's field for those who do not want to tokenise again; with the token that ended the choice. */
const tokenIds = ({ return_token_ids }: Request, pieces: readonly Piece[]) =>
  return_token_ids ? { token_ids: pieces.map(({ id }) => id) } : {};

/** The likeliest tokens, those asked for, and the token itself: each once, likeliest first. */
function alternatives(
  { id, logprobs }: Piece,
  { logprob_token_ids }: Request,
): readonly (readonly [id: number, logprob: number])[] {
  if (!logprob_token_ids && logprobs!.top.some(([other]) => other === id)) return logprobs!.top;
  const found = new Map(logprobs!.top);
  logprob_token_ids?.forEach((other, i) => {
    found.set(other, logprobs!.of[i]!);
  });
  found.set(id, logprobs!.logprob);
  return [...found].sort(([, a], [, b]) => b - a);
}

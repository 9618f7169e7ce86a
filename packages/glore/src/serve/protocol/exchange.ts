/** What an endpoint is: it reads a checked request and answers with one object, or with a stream of them. */
import type { z } from 'zod';
import type { RefineEvent } from '../../refine/index.js';

/** One request under way. */
export interface Exchange {
  /** Of the request; also in its log line and its `x-request-id`. */
  readonly id: string;
  /** Aborted when the client goes, the time is up or the server ends. */
  readonly signal: AbortSignal;
  /** Adds to the request's log line and metrics. */
  note(facts: Facts): void;
  /** Told of each step of the refining model. */
  observe(event: RefineEvent): void;
  /** To be called when a stream's text begins. */
  firstText(): void;
}

/** What is known of a request once it is answered. */
export interface Facts {
  readonly model?: string;
  readonly stream?: boolean;
  readonly choices?: number;
  readonly promptTokens?: number;
  readonly generatedTokens?: number;
  readonly scoredTokens?: number;
  readonly finish?: readonly string[];
  /** Of the refining model: where each answer came from. */
  readonly sources?: readonly string[];
  /** Why the refining model passed the request through. */
  readonly passed?: string;
  /** Seconds to the first text of a stream. */
  readonly firstTextSeconds?: number;
}

export type Answer =
  | { readonly json: object }
  /** Sends its chunks in order; the end mark follows. */
  | { readonly stream: (send: (chunk: object) => void) => Promise<void> };

export interface Route<S extends z.ZodType = z.ZodType> {
  readonly path: string;
  readonly schema: S;
  /** Tokens and values that the answer takes at most, by which it gets its turn. @throws ApiError for more than it may */
  size(request: z.output<S>): number;
  answer(request: z.output<S>, exchange: Exchange): Promise<Answer>;
}

/** What an endpoint is: it reads a checked request and answers with one object, or with a stream of them. */
import type { z } from 'zod';
import type { Passing } from '../../model/openai/index.js';
import type { RefineEvent } from '../../refine/index.js';
import type { Costs } from '../../upstream/index.js';

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
  /** The request as it came. */
  readonly asked: {
    readonly method: string;
    /** With what follows a question mark. */
    readonly path: string;
    readonly headers: Readonly<Record<string, string | undefined>>;
  };
}

/** What is known of a request once it is answered. */
export interface Facts {
  readonly model?: string;
  readonly stream?: boolean;
  readonly choices?: number;
  readonly promptTokens?: number | undefined;
  readonly generatedTokens?: number;
  readonly scoredTokens?: number;
  readonly finish?: readonly string[];
  /** Of the refining model: where each answer came from. */
  readonly sources?: readonly string[];
  /** Why the refining model passed the request through. */
  readonly passed?: string;
  /** Seconds to the first text of a stream. */
  readonly firstTextSeconds?: number;
  /** What the answer has cost, by role. */
  readonly costs?: Costs;
  /** Why a refined answer is less than it could be. */
  readonly notes?: readonly string[];
}

export type Answer =
  | { readonly json: object; readonly headers?: Headers }
  /** Sends its chunks in order; the end mark follows. */
  | {
      readonly stream: (send: (chunk: object) => void) => Promise<void>;
      readonly headers?: Headers;
    }
  /** Another server's answer, as it comes. */
  | { readonly passed: Passing; readonly headers: Headers };

type Headers = Readonly<Record<string, string>>;

export interface Route<S extends z.ZodType = z.ZodType> {
  readonly path: string;
  readonly schema: S;
  /** Its body is taken as it is, whatever it is. */
  readonly anything?: true;
  /** Tokens and values that the answer takes at most, by which it gets its turn. @throws ApiError for more than it may */
  size(request: z.output<S>): number;
  /** `bytes` are the body. */
  answer(request: z.output<S>, exchange: Exchange, bytes: Uint8Array): Promise<Answer>;
}

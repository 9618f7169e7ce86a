/** Failures as OpenAI's interface shows them: `{"error": {message, type, param, code}}`. */
import { EngineError } from '@glore/engine';
import { z } from 'zod';
import { GloreError } from '../../error.js';
import { EndpointError } from '../../model/openai/index.js';

export interface Refusal {
  readonly status: number;
  readonly type: string;
  readonly code: string;
  readonly param?: string | undefined;
  /** Seconds after which to ask again. */
  readonly retryAfter?: number | undefined;
}

/** A failure with its HTTP status. */
export class ApiError extends GloreError {
  override readonly name = 'ApiError';
  readonly refusal: Refusal;

  constructor(message: string, refusal: Refusal, options?: ErrorOptions) {
    super(refusal.code, message, options);
    this.refusal = refusal;
  }

  /** The body of the answer. */
  get body() {
    const { type, code, param = null } = this.refusal;
    return { error: { message: this.message, type, param, code } };
  }
}

export const invalid = (message: string, code: string, param?: string): ApiError =>
  new ApiError(message, { status: 400, type: 'invalid_request_error', code, param });

/** The client has gone; nobody reads this answer. */
export const clientGone = (): ApiError =>
  new ApiError('the client closed the connection', {
    status: 499,
    type: 'cancelled',
    code: 'client_closed',
  });

/** The client is there and does not take what it asked for. */
export const clientStalled = (what: string): ApiError =>
  new ApiError(`the client ${what}; read the answer as it comes, or ask without "stream"`, {
    status: 499,
    type: 'cancelled',
    code: 'client_stalled',
  });

export const tooSlow = (seconds: number): ApiError =>
  new ApiError(
    `expected an answer within ${seconds} s, found none; ask for fewer tokens, or start the server with a longer --timeout`,
    { status: 504, type: 'server_error', code: 'timeout' },
  );

export const tooLarge = (bytes: number): ApiError =>
  new ApiError(
    `the body: expected at most ${bytes} bytes, found more; ask in several requests, or start the server with a larger --max-body`,
    { status: 413, type: 'invalid_request_error', code: 'body_too_large' },
  );

export const stopping = (): ApiError =>
  new ApiError('the server is stopping; ask again once it is back', {
    status: 503,
    type: 'server_error',
    code: 'stopping',
    retryAfter: 5,
  });

/** More is asked at once than the server takes. */
export const overloaded = (message: string): ApiError =>
  new ApiError(message, {
    status: 429,
    type: 'rate_limit_error',
    code: 'overloaded',
    retryAfter: 1,
  });

/** What went wrong as an answer. What was not foreseen is not shown: it stands in the log. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof z.ZodError) {
    const { path, message } = error.issues[0]!;
    const param = path.join('.');
    return invalid(param === '' ? message : `${param}: ${message}`, 'invalid_value', param);
  }
  if (error instanceof EngineError && error.code === 'length') {
    return invalid(`${error.message}; shorten the prompt`, 'context_length_exceeded', 'prompt');
  }
  if (error instanceof EngineError && error.code === 'not-finite') {
    return new ApiError(
      error.message,
      { status: 500, type: 'server_error', code: 'model_failed' },
      { cause: error },
    );
  }
  if (error instanceof EngineError && error.code === 'token') {
    return invalid(error.message, 'invalid_value', 'prompt');
  }
  if (error instanceof EndpointError) return ofUpstream(error);
  if (error instanceof GloreError) return invalid(error.message, error.code);
  return new ApiError(
    'the server failed; its log says why',
    { status: 500, type: 'server_error', code: 'internal' },
    { cause: error },
  );
}

/** What another server refused is refused with its status; what it failed at is its failure. */
function ofUpstream(error: EndpointError): ApiError {
  const { code, message, fate, status = 500 } = error;
  if (fate === 'refused' || fate === 'model') {
    return new ApiError(message, { status, type: 'invalid_request_error', code }, { cause: error });
  }
  return new ApiError(
    message,
    {
      status: fate === 'away' ? 503 : 502,
      type: 'server_error',
      code,
      ...(fate === 'away' && { retryAfter: 5 }),
    },
    { cause: error },
  );
}

/** A request's way through the server, the same for every endpoint. */
import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Context, Handler } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { Exchange, Facts, Route } from '../protocol/index.js';
import {
  ApiError,
  clientGone,
  invalid,
  stopping,
  toApiError,
  tooLarge,
  tooSlow,
} from '../protocol/index.js';
import type { ServerMetrics } from './metrics.js';
import type { Slots } from './slots.js';
import { RequestSpan } from './trace.js';

export interface HandlingOptions {
  /** Seconds for which a request may take. */
  readonly timeout: number;
  /** Bytes of a request. */
  readonly maxBody: number;
  /** Log lines name what was asked. */
  readonly logPrompts: boolean;
  readonly log: (line: object) => void;
}

/** What all requests share. */
export interface State {
  readonly slots: Slots;
  readonly metrics: ServerMetrics;
  readonly inFlight: Set<AbortController>;
  draining: boolean;
}

/** An endpoint's way through reading, waiting for a turn, answering, counting and logging. */
export function handle(endpoint: Route, options: HandlingOptions, state: State): Handler {
  return async (c) => {
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    const id = randomUUID().replaceAll('-', '');
    const abort = new AbortController();
    // Each choice of a request listens.
    setMaxListeners(0, abort.signal);
    const gone = c.req.raw.signal;
    const leave = () => abort.abort(clientGone());
    gone.addEventListener('abort', leave);
    if (gone.aborted) leave();
    const timer = setTimeout(() => abort.abort(tooSlow(options.timeout)), 1000 * options.timeout);
    state.inFlight.add(abort);
    const span = new RequestSpan(endpoint.path, c.req.raw.headers);
    let facts: Facts = {};
    let body: unknown;
    const exchange: Exchange = {
      id,
      signal: abort.signal,
      note: (more) => {
        facts = { ...facts, ...more };
      },
      observe: (event) => span.event(event),
      firstText() {
        facts = { firstTextSeconds: elapsed(), ...facts };
      },
    };
    let release = () => {};
    const end = (status: number, error?: ApiError) => {
      release();
      clearTimeout(timer);
      gone.removeEventListener('abort', leave);
      state.inFlight.delete(abort);
      const { path } = endpoint;
      const seconds = Math.round(1e6 * elapsed()) / 1e6;
      count(state.metrics, { path, status, seconds, facts });
      span.end(status, facts, error);
      options.log({
        time: new Date().toISOString(),
        id,
        path,
        status,
        seconds,
        ...facts,
        ...(error && { error: error.code }),
        ...(error?.cause instanceof Error && { cause: error.cause.stack }),
        ...(options.logPrompts && { request: body }),
      });
    };
    const failed = (error: unknown): ApiError => {
      // Whatever was thrown once the request was given up, that it was given up is the reason.
      const reason = abort.signal.aborted ? abort.signal.reason : error;
      // A body whose length was not told is measured while it is read.
      const large = reason instanceof Error && reason.name === 'BodyLimitError';
      return large ? tooLarge(options.maxBody) : toApiError(reason);
    };
    try {
      c.header('x-request-id', id);
      if (state.draining) throw stopping();
      body = await readJson(c);
      const request = endpoint.schema.parse(body);
      span.asked(request as object);
      release = await state.slots.take(abort.signal);
      const answer = await endpoint.answer(request, exchange);
      if ('json' in answer) {
        end(200);
        return c.json(answer.json);
      }
      return streamSSE(c, async (sse) => {
        let sent: Promise<unknown> = Promise.resolve();
        const write = (data: string) => {
          sent = sent.then(() => sse.writeSSE({ data }));
        };
        sse.onAbort(leave);
        let error: ApiError | undefined;
        try {
          await answer.stream((chunk) => write(JSON.stringify(chunk)));
        } catch (thrown) {
          error = failed(thrown);
          write(JSON.stringify(error.body));
        }
        if (!error) write('[DONE]');
        // A client that stays and reads nothing is waited for no longer than any other.
        await Promise.race([sent, aborted(abort.signal).then(() => pause(1000))]);
        if (abort.signal.aborted && !error) error = failed(undefined);
        end(error?.refusal.status ?? 200, error);
      });
    } catch (thrown) {
      const error = failed(thrown);
      end(error.refusal.status, error);
      return refuse(c, error);
    }
  };
}

function count(
  metrics: ServerMetrics,
  outcome: { path: string; status: number; seconds: number; facts: Facts },
): void {
  const { path, status, seconds, facts } = outcome;
  const { model = '', firstTextSeconds, sources = [], passed } = facts;
  metrics.requests.add({ path, model, status });
  metrics.duration.observe({ path, model }, seconds);
  if (firstTextSeconds !== undefined) metrics.first.observe({ path, model }, firstTextSeconds);
  if (facts.promptTokens) metrics.promptTokens.add({ model }, facts.promptTokens);
  if (facts.generatedTokens) metrics.generatedTokens.add({ model }, facts.generatedTokens);
  if (facts.scoredTokens) metrics.scoredTokens.add({ model }, facts.scoredTokens);
  for (const source of sources) metrics.choices.add({ source });
  if (passed) metrics.passed.add({ reason: passed });
}

/** JSON alone, so that no page in a browser can ask without this server's consent, which it never gives. */
async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('content-type') ?? 'nothing';
  if (!/^application\/json\b/i.test(type)) {
    throw new ApiError(`content-type: expected application/json, found ${type}`, {
      status: 415,
      type: 'invalid_request_error',
      code: 'content_type',
    });
  }
  try {
    return JSON.parse(await c.req.text());
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw invalid(`the body: expected JSON, found ${cause.message}`, 'invalid_json');
  }
}

/** The failure as an answer. */
export function refuse(c: Context, error: ApiError): Response {
  const { status, retryAfter } = error.refusal;
  return new Response(JSON.stringify(error.body), {
    status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(c.res.headers.get('x-request-id') && {
        'x-request-id': c.res.headers.get('x-request-id')!,
      }),
    },
  });
}

/** Resolves once the signal is aborted. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

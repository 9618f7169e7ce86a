/** The HTTP server: who may ask, how much at once, for how long; what is counted and logged; how it ends. */
import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serve } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { streamSSE } from 'hono/streaming';
import { GloreError } from '../error.js';
import { roles } from '../pipeline/index.js';
import type { Batch } from './batcher.js';
import { chat } from './chat.js';
import { completions } from './completions.js';
import type { Endpoint, Exchange, Facts } from './exchange.js';
import { ApiError, clientGone, invalid, stopping, toApiError, tooSlow } from './failure.js';
import { type ServerMetrics, serverMetrics } from './metrics.js';
import { refiningModel } from './refining.js';
import { detokenize, generativeScoring, pooling, tokenize } from './scoring.js';
import type { Role, Served } from './served.js';
import { Slots } from './slots.js';
import { RequestSpan } from './trace.js';

export interface ServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Asked for as a bearer token where there is one; needed unless the host is this machine alone. */
  readonly key?: string | undefined;
  /** Requests worked on at once. */
  readonly parallel: number;
  /** Requests that wait for their turn; more are sent away. */
  readonly queue: number;
  /** Seconds for which a request may take. */
  readonly timeout: number;
  /** Bytes of a request. */
  readonly maxBody: number;
  /** Log lines name what was asked. */
  readonly logPrompts: boolean;
  readonly log: (line: object) => void;
}

export interface Running {
  /** `http://host:port` */
  readonly url: string;
  /** Takes no more requests, waits for those in flight at most so many seconds, and ends. */
  close(seconds: number): Promise<void>;
}

/** Opens the models with a door for their batches' metrics, and serves them. @throws GloreError `key-missing`, `address` */
export async function startServer(
  open: (onBatch: (role: string, batch: Batch) => void) => Promise<Served>,
  options: ServerOptions,
): Promise<Running> {
  if (options.key === undefined && !isLocal(options.host)) {
    throw new GloreError(
      'key-missing',
      `--host ${options.host}: expected a key, since others than this machine can ask, found none; set GLORE_API_KEY or name a variable with --key-env`,
    );
  }
  const slots = new Slots(options.parallel, options.queue);
  const metrics = serverMetrics({ taken: () => slots.taken, queued: () => slots.queued });
  const served = await open((role, { kind, requests, rows, seconds }) => {
    const labels = { model: role, kind };
    metrics.batchRequests.observe(labels, requests);
    metrics.batchRows.observe(labels, rows);
    metrics.batchSeconds.observe(labels, seconds);
  });
  const inFlight = new Set<AbortController>();
  const state = { slots, metrics, inFlight, draining: false };
  const app = application(served, options, state);
  let server: Server;
  try {
    server = await listen(app, options);
  } catch (error) {
    await served.close();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  const name = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${name}:${port}`,
    async close(seconds) {
      state.draining = true;
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const end = Date.now() + 1000 * seconds;
      while (inFlight.size > 0 && Date.now() < end) await pause(10);
      for (const abort of inFlight) abort.abort(stopping());
      // What was cut off is still told so.
      for (let i = 0; i < 100 && inFlight.size > 0; i++) await pause(10);
      server.closeAllConnections();
      await closed;
      await served.close();
    },
  };
}

interface State {
  readonly slots: Slots;
  readonly metrics: ServerMetrics;
  readonly inFlight: Set<AbortController>;
  draining: boolean;
}

function application(served: Served, options: ServerOptions, state: State): Hono {
  const app = new Hono();
  const began = Math.floor(Date.now() / 1000);
  app.onError((error, c) => refuse(c, toApiError(error)));
  app.notFound((c) =>
    refuse(
      c,
      new ApiError(`${c.req.method} ${c.req.path}: there is nothing here`, {
        status: 404,
        type: 'invalid_request_error',
        code: 'not_found',
      }),
    ),
  );
  app.get('/health', (c) => {
    const failed = roles.some((role) => served.roles[role].batcher.failure);
    if (failed) return c.json({ status: 'failed' }, 503);
    return state.draining ? c.json({ status: 'stopping' }, 503) : c.json({ status: 'ok' });
  });
  app.use(async (c, next) => {
    checkCaller(c, options);
    await next();
  });
  app.get('/metrics', (c) =>
    c.text(state.metrics.text(), 200, { 'content-type': 'text/plain; version=0.0.4' }),
  );
  const model = (id: string, { batcher, fingerprint }: Role) => ({
    id,
    object: 'model',
    created: began,
    owned_by: 'glore',
    max_model_len: batcher.config.maxPositions,
    ...(id !== refiningModel && { fingerprint }),
  });
  const models = [
    model(refiningModel, served.roles.student),
    ...roles.map((role) => model(role, served.roles[role])),
  ];
  app.get('/v1/models', (c) => c.json({ object: 'list', data: models }));
  app.get('/v1/models/:id', (c) => {
    const model = models.find(({ id }) => id === c.req.param('id'));
    if (model) return c.json(model);
    throw new ApiError(`there is no model ${JSON.stringify(c.req.param('id'))}`, {
      status: 404,
      type: 'invalid_request_error',
      code: 'model_not_found',
      param: 'model',
    });
  });
  app.use(
    bodyLimit({
      maxSize: options.maxBody,
      onError: (c) =>
        refuse(
          c,
          new ApiError(`expected a body of at most ${options.maxBody} bytes, found a larger one`, {
            status: 413,
            type: 'invalid_request_error',
            code: 'body_too_large',
          }),
        ),
    }),
  );
  add(app, completions(served), options, state);
  add(app, chat(served), options, state);
  add(app, generativeScoring(served), options, state);
  add(app, pooling(served), options, state);
  add(app, tokenize(served), options, state);
  add(app, detokenize(served), options, state);
  return app;
}

/** An endpoint's way through reading, waiting for a turn, answering, counting and logging. */
function add<E extends Endpoint>(app: Hono, endpoint: E, options: ServerOptions, state: State) {
  app.post(endpoint.path, async (c) => {
    const began = performance.now();
    const elapsed = () => (performance.now() - began) / 1000;
    const id = randomUUID().replaceAll('-', '');
    const abort = new AbortController();
    // Each choice of a request listens.
    setMaxListeners(0, abort.signal);
    const gone = c.req.raw.signal;
    const leave = () => abort.abort(clientGone());
    gone.addEventListener('abort', leave);
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
      const outcome = { path: endpoint.path, status, seconds: elapsed(), facts };
      count(state.metrics, outcome);
      span.end(status, facts, error);
      options.log({
        time: new Date().toISOString(),
        id,
        ...outcome,
        seconds: Math.round(1e6 * outcome.seconds) / 1e6,
        facts: undefined,
        ...facts,
        ...(error && { error: error.code }),
        ...(error?.cause instanceof Error && { cause: error.cause.stack }),
        ...(options.logPrompts && { request: body }),
      });
    };
    const failed = (error: unknown): ApiError => {
      // Whatever was thrown once the request was given up, that it was given up is the reason.
      const reason = abort.signal.aborted ? abort.signal.reason : error;
      return toApiError(reason);
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
  });
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

/** @throws ApiError `invalid_api_key`; `host` where there is no key and the name is not this machine's */
function checkCaller(c: Context, { key }: ServerOptions): void {
  if (key === undefined) {
    // A page that has its own name point to this machine would else be let in.
    const host = c.req.header('host')?.replace(/:\d+$/, '') ?? '';
    if (isLocal(host.replace(/^\[|\]$/g, ''))) return;
    throw new ApiError(`host: expected localhost or 127.0.0.1, found ${JSON.stringify(host)}`, {
      status: 403,
      type: 'invalid_request_error',
      code: 'host',
    });
  }
  const given = c.req.header('authorization')?.match(/^Bearer\s+(.+)$/i)?.[1] ?? '';
  if (timingSafeEqual(digest(given), digest(key))) return;
  throw new ApiError(
    given === ''
      ? 'expected a key in the header "authorization: Bearer ...", found none'
      : "expected this server's key, found another",
    { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  );
}

/** Of equal length whatever the text, as the comparison needs. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

function refuse(c: Context, error: ApiError): Response {
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

function listen(app: Hono, { host, port }: ServerOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port }, () =>
      resolve(server),
    ) as Server;
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new GloreError(
          'address',
          `${host}:${port}: expected an address to listen on, found ${cause.code}; choose another --port or --host`,
          { cause },
        ),
      ),
    );
  });
}

/** Resolves once the signal is aborted. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A request's way through the server, the same for every endpoint. */
import { setMaxListeners } from 'node:events';
import type { Handler } from 'hono';
import type { ContentfulStatusCode, StatusCode } from 'hono/utils/http-status';
import type { Answer, Exchange, Facts, Limits, Route } from '../protocol/index.js';
import { type ApiError, parseBody, stopping, toApiError, tooSlow } from '../protocol/index.js';
import type { Bodies } from './body.js';
import { Client } from './client.js';
import { Events } from './events.js';
import { type Log, refuse, type Served, since, writeLine } from './log.js';
import type { ServerMetrics } from './metrics.js';
import type { Slots } from './slots.js';
import { RequestSpan } from './trace.js';
import type { Unread } from './unread.js';

export interface HandlingOptions extends Limits {
  /** Seconds for which a request may take. */
  readonly timeout: number;
  /** Bytes of a request. */
  readonly maxBody: number;
  /** Seconds for which a client may take nothing of its answer. */
  readonly stall: number;
  /** Characters of a stream that may wait for its client; 16 times as many of all answers. */
  readonly maxUnread: number;
  /** Log lines name what was asked. */
  readonly logPrompts: boolean;
  readonly log: Log;
}

/** What all requests share. */
export interface State {
  readonly slots: Slots;
  readonly bodies: Bodies;
  readonly unread: Unread;
  readonly metrics: ServerMetrics;
  readonly inFlight: Set<AbortController>;
  draining: boolean;
}

/** An endpoint's way through reading, measuring, waiting for a turn, answering, counting and logging. */
export function handle(endpoint: Route, options: HandlingOptions, state: State): Handler<Served> {
  const { path } = endpoint;
  return async (c) => {
    const began = performance.now();
    c.set('owned', true);
    const id = c.get('id');
    const abort = new AbortController();
    const { signal } = abort;
    // Each choice of a request listens.
    setMaxListeners(0, signal);
    const client = new Client(c.env.outgoing, options.stall, (reason) => abort.abort(reason));
    const timer = setTimeout(() => abort.abort(tooSlow(options.timeout)), 1000 * options.timeout);
    state.inFlight.add(abort);
    const span = new RequestSpan(path, c.req.raw.headers);
    let facts: Facts = {};
    let asked: unknown;
    const exchange: Exchange = {
      id,
      signal,
      note: (more) => {
        facts = { ...facts, ...more };
      },
      observe: (event) => span.event(event),
      asked: {
        method: c.req.method,
        path: c.req.path + new URL(c.req.url).search,
        headers: c.req.header(),
      },
      firstText() {
        facts = { firstTextSeconds: since(began), ...facts };
      },
    };
    /** What is given back when the work is done. */
    const held: (() => void)[] = [];
    const release = () => {
      for (const give of held.splice(0)) give();
    };
    const end = (status: number, error?: ApiError) => {
      release();
      clearTimeout(timer);
      state.inFlight.delete(abort);
      const seconds = since(began);
      count(state.metrics, { path, status, seconds, facts });
      span.end(status, facts, error);
      const line = { id, path, status, seconds, ...facts };
      writeLine(options.log, options.logPrompts ? { ...line, request: asked } : line, error);
    };
    // Whatever was thrown once the request was given up, that it was given up is the reason.
    const failed = (error: unknown): ApiError => toApiError(signal.aborted ? signal.reason : error);
    /** The end of an answer that is there, which comes when the client has taken it. */
    const settle = async (error?: ApiError, status = 200): Promise<void> => {
      release();
      await client.taken(signal);
      state.unread.set(client, 0);
      const reason = error ?? (signal.aborted ? failed(undefined) : undefined);
      end(reason?.refusal.status ?? status, reason);
    };

    const ask = async (): Promise<Answer> => {
      if (state.draining) throw stopping();
      const bytes = await state.bodies.read(c.env.incoming, signal, endpoint.anything);
      const { length } = bytes;
      held.push(() => state.bodies.release(length));
      const body = endpoint.anything ? undefined : parseBody(bytes, options);
      if (options.logPrompts) asked = body;
      const request = endpoint.schema.parse(body);
      span.asked(body ?? {});
      held.push(await state.slots.take(endpoint.size(request), signal));
      return endpoint.answer(request, exchange, bytes);
    };
    let answer: Answer;
    try {
      answer = await ask();
      // Nobody would pull it, and what the request holds would never be given back.
      if ('passed' in answer && isBodiless(c.req.method, answer.passed.status)) {
        await drain(answer.passed.body);
      }
    } catch (thrown) {
      const error = failed(thrown);
      end(error.refusal.status, error);
      return refuse(c, error);
    }
    if ('json' in answer) {
      const text = JSON.stringify(answer.json);
      state.unread.set(client, text.length);
      void settle();
      return c.body(text, 200, { 'content-type': 'application/json', ...answer.headers });
    }
    if ('passed' in answer) {
      const { status, body } = answer.passed;
      if (isBodiless(c.req.method, status)) {
        void settle(undefined, status);
        return c.newResponse(null, status as StatusCode, answer.headers);
      }
      // Pulled as the client takes it, so that nothing waits here.
      const passing = passedOn(body, exchange, {
        over: () => void settle(undefined, status),
        broken: (error) => {
          client.breakOff();
          void settle(failed(error), status);
        },
      });
      return c.newResponse(passing, status as ContentfulStatusCode, answer.headers);
    }
    const events = new Events((size) => state.unread.stream(client, size));
    void answer
      .stream((chunk) => events.send(JSON.stringify(chunk)))
      .then(
        () => {
          events.send('[DONE]');
          return undefined;
        },
        (thrown) => {
          const error = failed(thrown);
          events.send(JSON.stringify(error.body));
          return error;
        },
      )
      .then((error) => {
        events.end();
        return settle(error);
      });
    return c.newResponse(events.body, 200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      ...answer.headers,
    });
  };
}

/** Whether an answer has no body: by the method, or by its status. */
const isBodiless = (method: string, status: number): boolean =>
  method === 'HEAD' || status === 204 || status === 205 || status === 304;

async function drain(body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

/** Told once that a body has been handed on, or why it broke off. */
interface Passing {
  readonly over: () => void;
  /** Breaks the client's answer off too, so that nobody takes what there is of it for all. */
  readonly broken: (error: unknown) => void;
}

/** A body that is handed on. */
function passedOn(
  body: AsyncIterable<Uint8Array>,
  exchange: Exchange,
  { over, broken }: Passing,
): ReadableStream<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const usage = new UsageReader();
  let first = true;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done) {
            exchange.note({ ...usage.found });
            controller.close();
            over();
            return;
          }
          if (first) exchange.firstText();
          first = false;
          usage.read(value);
          controller.enqueue(value);
        } catch (error) {
          broken(error);
          // The connection is gone by now; an error here would only be printed by who reads the stream.
          controller.close();
        }
      },
      async cancel() {
        await chunks.return?.();
        over();
      },
    },
    { highWaterMark: 0 },
  );
}

/** What another server's answer says of its tokens, by its last bytes. */
class UsageReader {
  private tail = '';
  private readonly decoder = new TextDecoder();

  read(chunk: Uint8Array): void {
    const text = this.tail + this.decoder.decode(chunk, { stream: true });
    this.tail = text.slice(-4096);
  }

  get found(): Pick<Facts, 'promptTokens' | 'generatedTokens'> {
    const count = (name: string) => {
      const all = [...this.tail.matchAll(new RegExp(`"${name}"\\s*:\\s*(\\d{1,12})`, 'g'))];
      return all.length === 0 ? undefined : Number(all.at(-1)![1]);
    };
    const [read, written] = [count('prompt_tokens'), count('completion_tokens')];
    return {
      ...(read !== undefined && { promptTokens: read }),
      ...(written !== undefined && { generatedTokens: written }),
    };
  }
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
  for (const [role, cost] of Object.entries(facts.costs ?? {})) {
    metrics.roleRequests.add({ role }, cost.requests);
    metrics.roleTokens.add({ role, kind: 'prompt' }, cost.promptTokens);
    metrics.roleTokens.add({ role, kind: 'completion' }, cost.completionTokens);
    metrics.roleSeconds.add({ role }, cost.seconds);
  }
  for (const source of sources) metrics.choices.add({ source });
  if (passed) metrics.passed.add({ reason: passed });
}

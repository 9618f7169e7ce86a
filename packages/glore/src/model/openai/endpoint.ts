/**
 * One server: JSON requests over kept-alive connections, as many at once as it bears, repeated while another attempt may
 * cure what went wrong, within a budget. What an answer means is not known here.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Dispatcher, Pool } from 'undici';
import type { z } from 'zod';
import { GloreError } from '../../error.js';
import { type Budget, type Cost, free, Purse, type Spent } from './budget.js';
import { Limiter } from './limiter.js';
import { backoff, isBusy, isPassing, retryAfter } from './retry.js';

export interface EndpointOptions {
  /** Its name in the recipe, for errors. */
  readonly name: string;
  /** Where the server's OpenAI-compatible paths begin: "http://localhost:8000/v1". */
  readonly url: string;
  /** The key itself; sent as a bearer token, never shown. */
  readonly key?: string | undefined;
  /** Most requests in flight. */
  readonly parallel?: number | undefined;
  /** Seconds that one request may take: a long generation behind a queue. */
  readonly timeout?: number | undefined;
  /** Seconds for which a server that is busy, away or restarting is waited for. */
  readonly patience?: number | undefined;
  readonly budget?: Budget | undefined;
  /** What earlier processes of the run have spent of the budget. */
  readonly spent?: Spent | undefined;
  /** Once aborted, nothing is asked again or anew; what is in flight may finish. */
  readonly signal?: AbortSignal | undefined;
  /** Told, once for each trouble, what is waited for. */
  readonly onWait?: ((reason: string) => void) | undefined;
}

export interface PostOptions<T> {
  /** How often an answer that is none is asked for. */
  readonly attempts?: number | undefined;
  /** What an answer says that it has cost. */
  readonly cost?: (answer: T) => Cost;
  /** Which samples of one prompt the answer holds, where the request does not say it; for keeping them apart. */
  readonly samples?: readonly number[] | undefined;
}

/** A status and what came with it: JSON, or text where it is none. */
export interface Reply {
  readonly status: number;
  readonly value: unknown;
}

/** A good status' value as it was read, or another status with whatever came. */
type Answered<T> = { readonly status: number; readonly read: T } | Reply;

type Read<T> = (value: unknown, bytes: Buffer) => T;

/** What one attempt came to. */
type Outcome<T> = { readonly reply: Answered<T> } | Trouble;

interface Trouble {
  readonly trouble: string;
  /** The server is away or has too much to do; else its answer was no answer. */
  readonly busy: boolean;
  readonly overloaded: boolean;
  /** Milliseconds that the server wants to be left alone. */
  readonly after: number;
  readonly cause?: unknown;
}

/** Attempts at a request whose answers are nonsense or failures of the server's. */
const usualAttempts = 5;
/** Seconds for which a server that has never answered is waited for. */
const firstContact = 20;
/** Bytes of an answer: far more than any completion takes, and no more than memory bears. */
const largest = 64 * 2 ** 20;

export class Endpoint {
  readonly name: string;
  private readonly base: URL;
  private readonly pool: Pool;
  private readonly headers: Record<string, string>;
  private readonly key: string | undefined;
  private readonly limiter: Limiter;
  private readonly purse: Purse;
  private readonly timeout: number;
  private readonly patience: number;
  private readonly onWait: (reason: string) => void;
  private readonly closing = new AbortController();
  /** Nothing is begun once this is aborted. */
  private readonly stopping: AbortSignal;
  private readonly live = new Set<AbortController>();
  private lastAnswer = 0;
  /** Something has answered at the address, if only that it is busy. */
  private met = false;
  private troubled = false;

  constructor(options: EndpointOptions) {
    const { parallel = 256, timeout = 600, patience = 600, key } = options;
    this.name = options.name;
    this.base = new URL(options.url.endsWith('/') ? options.url : `${options.url}/`);
    this.key = key;
    this.headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      // Answers are read as they come.
      'accept-encoding': 'identity',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    this.timeout = timeout * 1000;
    this.patience = patience * 1000;
    this.purse = new Purse(options.name, options.budget ?? {}, options.spent);
    this.onWait = options.onWait ?? (() => {});
    this.stopping = AbortSignal.any([
      this.closing.signal,
      ...(options.signal ? [options.signal] : []),
    ]);
    // One for each request that is waiting to be asked again.
    setMaxListeners(0, this.stopping);
    this.limiter = new Limiter(parallel, this.stopping);
    this.pool = new Pool(this.base.origin, {
      connections: parallel,
      // The whole request has one limit of its own; undici's own would cut long generations.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    });
  }

  /** Requests that may be in flight at present. */
  get limit(): number {
    return this.limiter.limit;
  }

  get spent(): Spent {
    return this.purse.spent;
  }

  /**
   * The answer to a request, in the shape asked for; other shapes are nonsense, and asked for again.
   *
   * A path beginning with a slash is the server's own ("/pooling"), another one follows the URL ("completions").
   *
   * @throws GloreError `endpoint-refused` (4xx), `endpoint-away`, `endpoint-answer`, `budget-spent`; the signal's reason
   */
  async post<T>(
    path: string,
    body: unknown,
    shape: z.ZodType<T>,
    { attempts = usualAttempts, cost }: PostOptions<T> = {},
  ): Promise<T> {
    const reply = await this.ask('POST', path, body, attempts, (value, bytes) => {
      const { success, data, error } = shape.safeParse(value);
      if (!success) {
        const [issue] = error.issues;
        const where = issue!.path.join('.') || 'the answer';
        throw new Unreadable(`${where}: ${issue!.message}`, bytes);
      }
      // Before the place in flight is given to the next, which must see that the budget is spent.
      this.purse.add(cost?.(data) ?? free);
      return data;
    });
    if (!('read' in reply)) throw this.refused(path, reply);
    return reply.read;
  }

  /** The reply to one question about the server, whatever its status; only what may pass is asked again. */
  async try(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Reply> {
    const reply = await this.ask(method, path, body, 2, (value) => value);
    return 'read' in reply ? { status: reply.status, value: reply.read } : reply;
  }

  /** Ends what is in flight. */
  async close(): Promise<void> {
    this.closing.abort(
      new GloreError('endpoint-closed', `endpoint ${this.name}: closed while in use`),
    );
    for (const abort of this.live) abort.abort(this.closing.signal.reason);
    await this.pool.destroy();
  }

  /** `read` makes of a good status' value what is wanted, or throws `Unreadable`. */
  private async ask<T>(
    method: 'GET' | 'POST',
    path: string,
    body: unknown,
    attempts: number,
    read: Read<T>,
  ): Promise<Answered<T>> {
    const text = body === undefined ? null : JSON.stringify(body);
    const began = Date.now();
    for (let attempt = 1, failures = 0; ; attempt++) {
      const permit = await this.limiter.acquire();
      let outcome: Outcome<T>;
      try {
        this.purse.check();
        outcome = await this.once(method, path, text, read);
      } catch (error) {
        this.limiter.release(permit, 'failed');
        throw error;
      }
      if ('reply' in outcome) {
        this.limiter.release(permit, 'done');
        this.lastAnswer = Date.now();
        this.troubled = false;
        return outcome.reply;
      }
      this.limiter.release(permit, outcome.overloaded ? 'overloaded' : 'failed');
      if (outcome.after > 0) this.limiter.pause(outcome.after);
      const since = Math.max(began, this.lastAnswer);
      const patience = this.met ? this.patience : Math.min(this.patience, 1000 * firstContact);
      const wait = backoff(attempt, outcome.after);
      const gone = outcome.busy ? Date.now() + wait - since > patience : ++failures >= attempts;
      if (gone) throw this.gaveUp(path, outcome, attempt);
      if (!this.troubled) {
        this.troubled = true;
        this.onWait(`endpoint ${this.name}: ${outcome.trouble}; asking again`);
      }
      await sleep(wait, undefined, { signal: this.stopping }).catch(() =>
        this.stopping.throwIfAborted(),
      );
    }
  }

  /** One attempt. @throws GloreError `endpoint-closed`, `endpoint-address` */
  private async once<T>(
    method: 'GET' | 'POST',
    path: string,
    body: string | null,
    read: Read<T>,
  ): Promise<Outcome<T>> {
    const abort = new AbortController();
    this.live.add(abort);
    const timer = setTimeout(() => abort.abort(new TimeoutReached()), this.timeout);
    try {
      const response = await this.pool.request({
        method,
        path: this.pathOf(path),
        headers: this.headers,
        body,
        signal: abort.signal,
      });
      const { statusCode: status, headers } = response;
      this.met = true;
      const bytes = await readBody(response.body);
      const after = retryAfter(single(headers['retry-after']));
      if (isPassing(status)) {
        const busy = isBusy(status);
        const trouble = `status ${status}, ${this.excerpt(bytes)}`;
        return { trouble, busy, overloaded: busy, after };
      }
      if (status >= 300) return { reply: { status, value: parseOr(bytes) } };
      return { reply: { status, read: read(parse(bytes), bytes) } };
    } catch (cause) {
      if (this.closing.signal.aborted) throw this.closing.signal.reason;
      if (cause instanceof Unreadable) {
        const found = cause.bytes ? ` in ${this.excerpt(cause.bytes)}` : '';
        return { trouble: cause.message + found, busy: false, overloaded: false, after: 0 };
      }
      if (abort.signal.aborted) {
        const trouble = `no answer within ${this.timeout / 1000} s`;
        return { trouble, busy: false, overloaded: true, after: 0, cause };
      }
      const code = codeOf(cause);
      if (hopeless.test(code)) throw this.badAddress(code, cause);
      const trouble = `connection broken or refused (${code})`;
      // A broken connection may be an overloaded server's way to say so.
      return { trouble, busy: true, overloaded: true, after: 0, cause };
    } finally {
      clearTimeout(timer);
      this.live.delete(abort);
    }
  }

  private pathOf(path: string): string {
    if (!path.startsWith('/')) return this.base.pathname + path;
    return this.base.pathname.replace(/\/(v1\/)?$/, '') + path;
  }

  private where(path: string): string {
    return `endpoint ${this.name} (${this.base.origin}${this.pathOf(path)})`;
  }

  /** The beginning of what came, on one line and without the key. */
  private excerpt(bytes: Buffer | string): string {
    const text = bytes
      .toString()
      .slice(0, 2000)
      .replaceAll(/[\s\p{Cc}]+/gu, ' ')
      .trim();
    const safe = this.key ? text.replaceAll(this.key, '[key]') : text;
    if (safe === '') return 'with nothing in it';
    return safe.length <= 200 ? safe : `${safe.slice(0, 200)}...`;
  }

  private refused(path: string, { status, value }: Reply): GloreError {
    const cure =
      status === 401 || status === 403
        ? 'check the key that the recipe names'
        : status === 404
          ? "check the recipe's url and model: glore doctor shows what the server has"
          : 'glore doctor shows what the server understands';
    const said = typeof value === 'string' ? value : JSON.stringify(value);
    return new GloreError(
      'endpoint-refused',
      `${this.where(path)}: expected an answer, found status ${status}, ${this.excerpt(said)}; ${cure}`,
    );
  }

  private gaveUp(path: string, { trouble, busy, cause }: Trouble, attempt: number): GloreError {
    const [code, cure] = busy
      ? ['endpoint-away', 'start the server, or wait for it, and run the same command again']
      : ['endpoint-answer', 'glore doctor shows what the server can do'];
    const tries = attempt === 1 ? '' : ` (${attempt} attempts)`;
    return new GloreError(
      code!,
      `${this.where(path)}: expected an answer, found ${trouble}${tries}; what has arrived is kept: ${cure}`,
      { cause },
    );
  }

  private badAddress(code: string, cause: unknown): GloreError {
    return new GloreError(
      'endpoint-address',
      `endpoint ${this.name} (${this.base.origin}): expected a server at this address, found ${code}; check the recipe's url`,
      { cause },
    );
  }
}

class TimeoutReached extends Error {}

/** What came is no answer in JSON. */
class Unreadable extends Error {
  readonly bytes: Buffer | undefined;
  constructor(message: string, bytes?: Buffer) {
    super(message);
    this.bytes = bytes;
  }
}

async function readBody(body: Dispatcher.ResponseData['body']): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largest) throw new Unreadable(`an answer of more than ${largest / 2 ** 20} MiB`);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(bytes));
  } catch {
    throw new Unreadable('no JSON', bytes);
  }
}

function parseOr(bytes: Buffer): unknown {
  try {
    return parse(bytes);
  } catch {
    return bytes.toString();
  }
}

const single = (header: string | string[] | undefined): string | undefined =>
  typeof header === 'string' ? header : header?.[0];

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.name;
  return error.cause instanceof Error ? `${code}, ${codeOf(error.cause)}` : code;
}

/** No other attempt cures a wrong name or certificate. */
const hopeless = /ENOTFOUND|CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID/;

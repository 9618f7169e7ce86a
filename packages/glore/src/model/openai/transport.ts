/** One request and its response over kept-alive connections, within a time and a number of bytes. */
import { Readable } from 'node:stream';
import type { Pool } from 'undici';
import { GloreError } from '../../error.js';
import { parseJson, readBody } from './body.js';
import { type Fold, readEvents } from './events.js';
import { Unreadable, UnreadableBytes } from './reading.js';
import { retryAfter } from './retry.js';
import type { Secret } from './said.js';

export interface TransportOptions {
  /** Its name in the recipe, for errors. */
  readonly name: string;
  readonly url: string;
  readonly key: string | undefined;
  /** The key, to be hidden in what the server says. */
  readonly secret: Secret;
  readonly parallel: number;
  /** Milliseconds that one request may take. */
  readonly timeout: number;
}

export interface Request {
  readonly method: 'GET' | 'POST';
  /** One beginning with a slash is the server's own ("/pooling"), another one follows the URL ("completions"). */
  readonly path: string;
  /** JSON. */
  readonly body: string | null;
  /** Most bytes of an answer. */
  readonly most: number;
  /** Once aborted, the answer is not waited for. */
  readonly signal?: AbortSignal | undefined;
  /** What an answer becomes that comes as a stream; it is asked for as one. */
  readonly fold?: (() => Fold) | undefined;
}

/** A request of somebody else's, handed on. */
export interface Passed {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array | string | null;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

export interface Passing {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Response {
  readonly status: number;
  readonly text: () => string;
  /** JSON, of a bad status also the text that is none. */
  readonly value: unknown;
  /** Milliseconds that the server wants to be left alone. */
  readonly after: number;
}

/** The server took too long. */
export class TimeoutReached extends Error {
  constructor(ms: number) {
    super(`no answer within ${ms / 1000} s`);
  }
}

const events = 'text/event-stream';

/** Bytes of an error that are looked at. */
const errorBytes = 64 * 1024;

export class Transport {
  /** Something has answered at the address, if only that it is busy. */
  met = false;
  private readonly name: string;
  private readonly base: URL;
  private readonly options: Pool.Options;
  private pool: Promise<Pool> | undefined;
  private readonly headers: Record<string, string>;
  private readonly timeout: number;
  private readonly secret: Secret;
  private readonly live = new Set<AbortController>();
  private closed: unknown;

  /** @throws GloreError `endpoint-address` */
  constructor({ name, url, key, secret, parallel, timeout }: TransportOptions) {
    this.name = name;
    this.base = baseOf(name, url);
    this.timeout = timeout;
    this.secret = secret;
    this.headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      // Answers are read as they come; whoever packs them all the same is understood.
      'accept-encoding': 'identity',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
    };
    this.options = {
      connections: parallel,
      // The whole request has one limit of its own; undici's own would cut long generations.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: 30_000,
    };
  }

  /** For errors: "http://localhost:8000/v1/completions". */
  addressOf(path: string): string {
    return this.base.origin + this.pathOf(path);
  }

  /**
   * @throws Unreadable, TimeoutReached, the reason it was closed with; GloreError `endpoint-address`; what connections
   *   break with
   */
  async send({ method, path, body, most, signal, fold }: Request): Promise<Response> {
    if (this.closed !== undefined) throw this.closed;
    const abort = new AbortController();
    this.live.add(abort);
    const timer = setTimeout(() => abort.abort(new TimeoutReached(this.timeout)), this.timeout);
    const leave = () => abort.abort(signal?.reason);
    signal?.addEventListener('abort', leave, { once: true });
    try {
      signal?.throwIfAborted();
      const pool = await this.connected();
      const response = await pool.request({
        method,
        path: this.pathOf(path),
        headers: fold ? { ...this.headers, accept: `${events}, application/json` } : this.headers,
        body,
        signal: abort.signal,
      });
      this.met = true;
      const { statusCode: status, headers } = response;
      const good = status < 300;
      const encoding = [headers['content-encoding'] ?? []].flat().join(',');
      const after = retryAfter(headers);
      if (fold && good && [headers['content-type'] ?? []].flat().join().includes(events)) {
        const folded = fold();
        const shown = await readEvents(response.body, { encoding, most }, folded);
        return { status, text: () => shown, value: folded.whole, after };
      }
      const reading = { encoding, most: good ? most : errorBytes, cut: !good };
      const bytes = await readBody(response.body, reading).catch((error) => {
        // A status says enough without its body.
        if (good || !(error instanceof Unreadable)) throw error;
        return Buffer.alloc(0);
      });
      const text = () => bytes.toString();
      return { status, text, value: jsonOf(bytes, good), after };
    } catch (cause) {
      if (this.closed !== undefined) throw this.closed;
      if (abort.signal.aborted) throw abort.signal.reason;
      if (dropped.test(codeOf(cause))) this.met = true;
      if (hopeless.test(codeOf(cause))) throw this.badAddress(codeOf(cause), cause);
      throw cause;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', leave);
      this.live.delete(abort);
    }
  }

  /**
   * Hands a request on once, whatever it is, with the key of this endpoint; the answer is the server's, as it comes.
   *
   * @throws Unreadable for a status that nobody can hand on; what connections break with; the signal's reason;
   *   GloreError `endpoint-address`
   */
  async pass({ method, path, body, headers, signal }: Passed): Promise<Passing> {
    if (this.closed !== undefined) throw this.closed;
    const { authorization } = this.headers;
    try {
      const pool = await this.connected();
      const response = await pool.request({
        method: method as 'GET' | 'POST',
        path: this.pathOf(path),
        headers: { ...headers, ...(authorization !== undefined && { authorization }) },
        body,
        signal,
      });
      this.met = true;
      const { statusCode: status, body: answered } = response;
      if (status < 200 || status > 599) {
        answered.on('error', () => {}).destroy();
        throw new Unreadable(`the status ${status}`);
      }
      const { headers: said } = response;
      if (status < 400 || authorization === undefined)
        return { status, headers: said, body: answered };
      // A server that refuses a key may repeat it, and who asks here need not know it.
      const encoding = [said['content-encoding'] ?? []].flat().join(',');
      const bytes = await readBody(answered, { encoding, most: errorBytes, cut: true });
      const { 'content-encoding': _, ...rest } = said;
      const shown = Buffer.from(this.secret.mostlyHiddenIn(bytes.toString()));
      return { status, headers: rest, body: Readable.from(shown.length > 0 ? [shown] : []) };
    } catch (cause) {
      if (signal.aborted) throw signal.reason;
      if (hopeless.test(codeOf(cause))) throw this.badAddress(codeOf(cause), cause);
      throw cause;
    }
  }

  /** Ends what is in flight. */
  async close(reason: Error): Promise<void> {
    this.closed ??= reason;
    for (const abort of this.live) abort.abort(reason);
    await (await this.pool)?.destroy();
  }

  /** Read only when there is something to send: a fifth of the time that a command takes to start would be this library's. */
  private async connected(): Promise<Pool> {
    this.pool ??= import('undici').then(({ Pool }) => new Pool(this.base.origin, this.options));
    const pool = await this.pool;
    if (this.closed !== undefined) throw this.closed;
    return pool;
  }

  private pathOf(path: string): string {
    if (!path.startsWith('/')) return this.base.pathname + path;
    return this.base.pathname.replace(/\/(v1\/)?$/, '') + path;
  }

  private badAddress(code: string, cause: unknown): GloreError {
    return new GloreError(
      'endpoint-address',
      `endpoint ${this.name} (${this.base.origin}): expected a server at this address, found ${code}; check its url`,
      { cause },
    );
  }
}

/** Where paths begin. What is wrong with a URL is not shown: it may hold a password. */
function baseOf(name: string, url: string): URL {
  const base = URL.canParse(url) ? new URL(url) : undefined;
  const wrong =
    base === undefined || !/^https?:$/.test(base.protocol)
      ? 'another text'
      : base.username !== '' || base.password !== ''
        ? 'one with a name or a password'
        : base.search !== '' || base.hash !== ''
          ? 'one with something after a ? or #'
          : undefined;
  if (base === undefined || wrong !== undefined) {
    throw new GloreError(
      'endpoint-address',
      `endpoint ${name}: expected a URL such as http://localhost:8000/v1, found ${wrong}; a key is named as the environment variable that holds it`,
    );
  }
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  return base;
}

function jsonOf(bytes: Buffer, good: boolean): unknown {
  try {
    return parseJson(bytes);
  } catch (error) {
    if (!good) return bytes.toString();
    throw new UnreadableBytes((error as Error).message, bytes.toString());
  }
}

export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = 'code' in error ? String(error.code) : error.name;
  return error.cause instanceof Error ? `${code}, ${codeOf(error.cause)}` : code;
}

/** Somebody had taken the connection. */
const dropped = /UND_ERR_SOCKET|ECONNRESET|EPIPE/;

/** No other attempt cures a wrong name or certificate. */
const hopeless = /ENOTFOUND|CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|ERR_INVALID/;

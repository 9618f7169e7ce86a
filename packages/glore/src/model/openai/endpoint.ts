/**
 * One server: JSON requests, as many at once as it bears, repeated while another attempt may cure what went wrong, within a
 * budget. What an answer means is not known here.
 */
import { setMaxListeners } from 'node:events';
import { GloreError } from '../../error.js';
import { Attempts, GaveUp, type Question, type Reply } from './attempts.js';
import { type Budget, type Cost, free, Purse, type Spent } from './budget.js';
import type { Fate, Refusal } from './complaint.js';
import { type Body, Dialects } from './dialect.js';
import type { Fold } from './events.js';
import { Limiter } from './limiter.js';
import { type Reader, shaped, Unreadable } from './reading.js';
import { Secret } from './said.js';
import { type Passed, type Passing, Transport } from './transport.js';

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
  /** Seconds for which a server that is busy, away or restarting is waited for, from when it was last heard. */
  readonly patience?: number | undefined;
  readonly budget?: Budget | undefined;
  /** What earlier processes of the run have spent of the budget. */
  readonly spent?: Spent | undefined;
  /** Once aborted, nothing is asked again or anew; what is in flight may finish. */
  readonly signal?: AbortSignal | undefined;
  /** Told, once for each trouble, what is waited for or done without. */
  readonly onWait?: ((reason: string) => void) | undefined;
}

/** Counts answers. */
export interface Tally {
  answered(): void;
  /** It was no answer, and is asked for again. */
  refused(): void;
}

export interface PostOptions {
  /** How often an answer that is none is asked for. */
  readonly attempts?: number | undefined;
  /** What an answer has cost, as far as it says so. */
  readonly cost?: (answer: unknown) => Cost;
  /** Most bytes of an answer; what a small one takes if left out. */
  readonly most?: number | undefined;
  readonly tally?: Tally | undefined;
  /** Which samples of one prompt the answer holds, where the request does not say it; for keeping them apart. */
  readonly samples?: readonly number[] | undefined;
  /** The server is tested: a failure of its own may be its way of saying that it cannot do this. */
  readonly probing?: boolean | undefined;
  /** Once aborted, the answer is not waited for. */
  readonly signal?: AbortSignal | undefined;
  /** The answer is asked for as a stream, which this becomes, anew in each attempt; one that is no stream is read as ever. */
  readonly fold?: (() => Fold) | undefined;
}

/** A request that got no answer. */
export class EndpointError extends GloreError {
  /** The last status there was. */
  readonly status: number | undefined;
  /** Status and reason, or what else was found. */
  readonly found: string;
  readonly fate: Fate;

  constructor(
    code: string,
    message: string,
    found: { readonly status: number | undefined; readonly found: string; readonly fate: Fate },
    options?: ErrorOptions,
  ) {
    super(code, message, options);
    this.status = found.status;
    this.found = found.found;
    this.fate = found.fate;
  }
}

/** Asks for a stream that says what it has cost. */
const streamed = { stream: true, stream_options: { include_usage: true } };

/** Attempts at a request whose answers are nonsense. */
const usualAttempts = 5;
/** Bytes of an answer of a few tokens, with all that servers add; and of a list of models. */
export const smallAnswer = 256 * 1024;
const longList = 8 * 2 ** 20;

export class Endpoint {
  readonly name: string;
  private readonly transport: Transport;
  private readonly limiter: Limiter;
  private readonly purse: Purse;
  private readonly attempts: Attempts;
  private readonly dialects = new Dialects();
  private readonly onWait: (reason: string) => void;
  private readonly closing = new AbortController();

  /** @throws GloreError `endpoint-address` for a URL that is none, or holds a password */
  constructor(options: EndpointOptions) {
    const { name, url, key, parallel = 256, timeout = 600, patience = 600 } = options;
    this.name = name;
    const secret = new Secret(key);
    this.transport = new Transport({ name, url, key, secret, parallel, timeout: timeout * 1000 });
    this.purse = new Purse(name, options.budget ?? {}, options.spent);
    this.onWait = options.onWait ?? (() => {});
    const stopping = AbortSignal.any([
      this.closing.signal,
      ...(options.signal ? [options.signal] : []),
    ]);
    // One for each request that is waiting to be asked again.
    setMaxListeners(0, stopping);
    this.limiter = new Limiter(parallel, stopping);
    this.attempts = new Attempts({
      transport: this.transport,
      limiter: this.limiter,
      purse: this.purse,
      secret,
      patience: patience * 1000,
      stopping,
      onTrouble: (found) => this.onWait(`endpoint ${name}: ${found}; asking again`),
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
   * The answer to a request, read and checked; what cannot be read is nonsense, and asked for again.
   *
   * A path beginning with a slash is the server's own ("/pooling"), another one follows the URL ("completions").
   *
   * @throws EndpointError `endpoint-refused`, `endpoint-quota`, `endpoint-model`, `endpoint-away`, `endpoint-answer` or the
   *   code of what cannot be read; GloreError `budget-spent`; the signal's reason
   */
  async post<R, T>(
    path: string,
    body: Body,
    reader: Reader<R, T>,
    options: PostOptions = {},
  ): Promise<T> {
    const { attempts = usualAttempts, most = smallAnswer, probing = false } = options;
    const { cost, tally, signal, fold } = options;
    const whole = fold ? { ...body, ...streamed } : body;
    const read = (value: unknown): T => {
      // Before the place in flight is given to the next, which must see that the budget is spent.
      const spent = cost?.(value) ?? free;
      try {
        const found = reader.read(shaped(reader, value));
        this.purse.add(spent);
        tally?.answered();
        return found;
      } catch (error) {
        this.purse.lose(spent);
        throw error;
      }
    };
    for (;;) {
      const sent = this.dialects.spoken(whole);
      const outcome = await this.ask({
        method: 'POST',
        path,
        body: JSON.stringify(sent),
        most,
        attempts,
        probing,
        signal,
        fold,
        read,
        onUnreadable: () => tally?.refused(),
      });
      if ('read' in outcome) return outcome.read;
      const { status, complaint } = outcome.refused;
      const learnt = this.dialects.learns(sent, status, complaint);
      if (!learnt) throw this.refused(path, outcome.refused);
      if (learnt.note) this.onWait(`endpoint ${this.name}: ${learnt.note}`);
    }
  }

  /**
   * The answer to one question about the server; only what may pass is asked again.
   *
   * @throws EndpointError as `post`
   */
  async probe(method: 'GET' | 'POST', path: string, body?: Body): Promise<unknown> {
    const outcome = await this.ask({
      method,
      path,
      body: body === undefined ? null : JSON.stringify(body),
      most: longList,
      attempts: 2,
      probing: true,
      read: (value) => value,
    });
    if ('refused' in outcome) throw this.refused(path, outcome.refused);
    return outcome.read;
  }

  /** One attempt at a request as it comes; its answer as it comes. @throws as `Transport.pass` */
  pass(request: Passed): Promise<Passing> {
    return this.transport.pass(request);
  }

  /** Ends what is in flight. */
  async close(): Promise<void> {
    const closed = new GloreError('endpoint-closed', `endpoint ${this.name}: closed while in use`);
    this.closing.abort(closed);
    await this.transport.close(closed);
  }

  private async ask<T>(question: Question<T>) {
    try {
      return await this.attempts.ask(question);
    } catch (error) {
      throw error instanceof GaveUp ? this.gaveUp(question.path, error) : error;
    }
  }

  private where(path: string): string {
    return `endpoint ${this.name} (${this.transport.addressOf(path)})`;
  }

  private refused(path: string, { status, said, fate }: Reply): EndpointError {
    const [code, cure] = refusals[status === 404 && fate === 'refused' ? 'path' : fate];
    const found = `status ${status}, ${said}`;
    return new EndpointError(
      code,
      `${this.where(path)}: expected an answer, found ${found}; ${cure}`,
      { status, found, fate },
    );
  }

  private gaveUp(path: string, { trouble, attempts }: GaveUp): EndpointError {
    const { found, away, status, cause } = trouble;
    const unread = cause instanceof Unreadable ? cause : undefined;
    const code = away ? 'endpoint-away' : (unread?.code ?? 'endpoint-answer');
    const cure = away
      ? 'start the server, or wait for it, and run the same command again'
      : (unread?.cure ?? 'glore doctor shows what the server can do');
    const tries = attempts === 1 ? '' : ` (${attempts} attempts)`;
    return new EndpointError(
      code,
      `${this.where(path)}: expected an answer, found ${found}${tries}; what has arrived is kept: ${cure}`,
      { status, found, fate: away ? 'away' : 'failed' },
      { cause },
    );
  }
}

const names = "check its url and the model's name: glore doctor shows what the server has";

/** Code and cure of what is refused. */
const refusals: Record<Refusal | 'path', readonly [string, string]> = {
  key: ['endpoint-refused', 'check the key'],
  money: ['endpoint-quota', 'add to the account, and run the same command again'],
  model: ['endpoint-model', names],
  path: ['endpoint-refused', names],
  refused: ['endpoint-refused', 'glore doctor shows what the server understands'],
};

/** A request asked again while another attempt may cure what went wrong: while the server is away, for as long as it is waited for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { GloreError } from '../../error.js';
import { visible } from '../../visible.js';
import type { Purse } from './budget.js';
import {
  type Complaint,
  complaintIn,
  complaintOf,
  fateOf,
  isOverload,
  type Refusal,
} from './complaint.js';
import type { Limiter } from './limiter.js';
import { Unreadable, UnreadableBytes } from './reading.js';
import { backoff } from './retry.js';
import { excerpt, type Secret } from './said.js';
import { codeOf, type Request, TimeoutReached, type Transport } from './transport.js';

/** A request, and what is made of its answer. */
export interface Question<T> extends Request {
  /** How often an answer that is none is asked for. */
  readonly attempts: number;
  /** A failure of the server's may be its way of saying that it cannot do what is asked. */
  readonly probing: boolean;
  /** @throws Unreadable */
  read(value: unknown): T;
  /** Told of each answer that is none. */
  readonly onUnreadable?: (() => void) | undefined;
}

/** Another status than a good one, and what came with it: JSON, or text where it is none. */
export interface Reply {
  readonly status: number;
  readonly value: unknown;
  readonly fate: Refusal;
  readonly complaint: Complaint;
  /** The server's reason, fit to be shown. */
  readonly said: string;
}

/** What one attempt came to. */
type Outcome<T> =
  | { readonly read: T }
  | { readonly refused: Reply }
  | { readonly trouble: Trouble };

/** Why there is no answer yet. */
export interface Trouble {
  readonly found: string;
  /** The server is away or has too much to do; else its answer was no answer. */
  readonly away: boolean;
  readonly overloaded: boolean;
  /** Milliseconds that the server wants to be left alone. */
  readonly after: number;
  readonly status?: number;
  readonly cause?: unknown;
}

/** No attempt helped. */
export class GaveUp extends Error {
  readonly trouble: Trouble;
  readonly attempts: number;

  constructor(trouble: Trouble, attempts: number) {
    super(trouble.found);
    this.trouble = trouble;
    this.attempts = attempts;
  }
}

/** Milliseconds for which a server that has never answered is waited for. */
const firstContact = 20_000;

export class Attempts {
  private readonly transport: Transport;
  private readonly limiter: Limiter;
  private readonly purse: Purse;
  private readonly secret: Secret;
  private readonly patience: number;
  private readonly stopping: AbortSignal;
  private readonly onTrouble: (found: string) => void;
  /** When the server was last heard, other than that it is away. */
  private heard = 0;
  private troubled = false;

  /**
   * @param options.patience milliseconds for which a server is waited for, from when it was last heard
   * @param options.stopping nothing is begun once this is aborted
   * @param options.onTrouble told once for each trouble
   */
  constructor(options: {
    readonly transport: Transport;
    readonly limiter: Limiter;
    readonly purse: Purse;
    readonly secret: Secret;
    readonly patience: number;
    readonly stopping: AbortSignal;
    readonly onTrouble: (found: string) => void;
  }) {
    this.transport = options.transport;
    this.limiter = options.limiter;
    this.purse = options.purse;
    this.secret = options.secret;
    this.patience = options.patience;
    this.stopping = options.stopping;
    this.onTrouble = options.onTrouble;
  }

  /** What is read of the answer, or a refusal. @throws GaveUp; GloreError `budget-spent`; the reason it is stopped with */
  async ask<T>(question: Question<T>): Promise<{ readonly read: T } | { readonly refused: Reply }> {
    const began = performance.now();
    for (let attempt = 1, failures = 0; ; attempt++) {
      const outcome = await this.once(question);
      if (!('trouble' in outcome)) {
        this.heard = performance.now();
        this.troubled = false;
        return outcome;
      }
      const { trouble } = outcome;
      const since = Math.max(began, this.heard);
      const patience = this.transport.met ? this.patience : Math.min(this.patience, firstContact);
      const left = Math.max(0, since + patience - performance.now());
      const after = Math.min(trouble.after, left);
      if (after > 0) this.limiter.pause(after);
      const gone = trouble.away ? left === 0 : ++failures >= attemptsAt(question, trouble);
      if (gone) throw new GaveUp(trouble, attempt);
      if (!this.troubled) {
        this.troubled = true;
        this.onTrouble(trouble.found);
      }
      const wait = backoff(attempt, after);
      const { signal } = question;
      const over = signal ? AbortSignal.any([this.stopping, signal]) : this.stopping;
      await sleep(trouble.away ? Math.min(wait, left) : wait, undefined, { signal: over }).catch(
        () => over.throwIfAborted(),
      );
    }
  }

  /** One attempt, in a place in flight. */
  private async once<T>(question: Question<T>): Promise<Outcome<T>> {
    const permit = await this.limiter.acquire();
    let release: Parameters<Limiter['release']>[1] = 'failed';
    try {
      // It may have waited for its place for longer than its answer is wanted.
      question.signal?.throwIfAborted();
      this.purse.check();
      const outcome = await this.attempt(question);
      if (!('trouble' in outcome)) release = 'done';
      else if (outcome.trouble.overloaded) release = 'overloaded';
      return outcome;
    } finally {
      this.limiter.release(permit, release);
    }
  }

  private async attempt<T>(question: Question<T>): Promise<Outcome<T>> {
    let text = () => '';
    try {
      const response = await this.transport.send(question);
      const { status, value, after } = response;
      text = response.text;
      const complaint = status < 300 ? complaintIn(value) : complaintOf(value, text());
      if (complaint === undefined) return { read: question.read(value) };
      const told = status < 300 ? (complaint.status ?? 500) : status;
      const said = excerpt(wordsOf(complaint), this.secret);
      const fate = fateOf(told, complaint, question.probing);
      if (fate !== 'away' && fate !== 'failed') {
        return { refused: { status: told, value, fate, complaint, said } };
      }
      return {
        trouble: {
          found: `status ${told}, ${said}`,
          away: fate === 'away',
          overloaded: isOverload(told),
          after,
          status: told,
        },
      };
    } catch (cause) {
      if (cause instanceof GloreError || question.signal?.aborted) throw cause;
      return { trouble: this.troubleOf(cause, question, text) };
    }
  }

  private troubleOf(
    cause: unknown,
    { onUnreadable }: Question<unknown>,
    text: () => string,
  ): Trouble {
    if (cause instanceof Unreadable) {
      onUnreadable?.();
      const bytes = cause instanceof UnreadableBytes ? cause.text : text();
      const place = bytes === '' && !(cause instanceof UnreadableBytes);
      const found =
        visible(this.secret.hiddenIn(cause.message)) +
        (place ? '' : ` in ${excerpt(bytes, this.secret)}`);
      return { found, away: false, overloaded: false, after: 0, cause };
    }
    if (cause instanceof TimeoutReached) {
      return { found: cause.message, away: false, overloaded: true, after: 0, cause };
    }
    const found = `connection broken or refused (${codeOf(cause)})`;
    // A broken connection may be an overloaded server's way to say so.
    return { found, away: true, overloaded: true, after: 0, cause };
  }
}

/** A test that the server fails at is made again when the server is known to be alive. */
const attemptsAt = ({ attempts, probing }: Question<unknown>, { status }: Trouble): number =>
  probing && status !== undefined ? Math.min(2, attempts) : attempts;

/** The message with its code. */
function wordsOf({ message, codes: [code] }: Complaint): string {
  return code === undefined || message.includes(code) ? message : `${message} (${code})`;
}

/** The client of a request: whether it is there, and takes what it is given. */
import type { ServerResponse } from 'node:http';
import { type ApiError, clientGone, clientStalled } from '../protocol/index.js';

/** Milliseconds for the rest of an answer that was given up. */
const grace = 1000;

export class Client {
  private readonly outgoing: ServerResponse;
  private readonly leave: (reason: ApiError) => void;
  /** The answer is taken, or the client has gone. */
  private readonly over: Promise<void>;

  /** `leave` is told why the client is not served any more; `stall` are seconds for which it may take nothing. */
  constructor(outgoing: ServerResponse, stall: number, leave: (reason: ApiError) => void) {
    this.outgoing = outgoing;
    this.leave = leave;
    this.over = new Promise((resolve) => {
      outgoing.once('close', () => {
        if (!outgoing.writableFinished) leave(clientGone());
        resolve();
      });
    });
    // Told when nothing has moved for so long, which also is so while an answer is being computed.
    outgoing.setTimeout(1000 * stall, () => {
      if (outgoing.writableLength > 0) this.cut(`took nothing for ${stall} s`);
    });
  }

  get gone(): boolean {
    return this.outgoing.destroyed || this.outgoing.closed;
  }

  /** Ends the connection of a client that does not read. */
  cut(what: string): void {
    this.leave(clientStalled(what));
    this.reset();
  }

  /** Ends the connection of a client whose answer cannot be finished: that it is not whole is plain then. */
  breakOff(): void {
    this.reset();
  }

  /** Waits until all is taken, but no longer than shortly after the signal. */
  async taken(signal: AbortSignal): Promise<void> {
    const given = new Promise((resolve) => {
      const wait = () => setTimeout(resolve, grace);
      if (signal.aborted) wait();
      else signal.addEventListener('abort', wait, { once: true });
    });
    await Promise.race([this.over, given]);
    if (!this.outgoing.writableFinished) this.reset();
  }

  /** Not just closed: the system would keep what is unread for minutes. */
  private reset(): void {
    this.outgoing.socket?.resetAndDestroy();
  }
}

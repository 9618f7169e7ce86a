/** How many requests are worked on at once, how many wait for their turn, and who is sent away. */
import { ApiError } from '../protocol/index.js';

export class Slots {
  private readonly parallel: number;
  private readonly queue: number;
  private readonly waiting = new Set<() => void>();
  /** Requests worked on. */
  taken = 0;

  constructor(parallel: number, queue: number) {
    this.parallel = parallel;
    this.queue = queue;
  }

  get queued(): number {
    return this.waiting.size;
  }

  /** Waits for a turn, which ends with the function that is given back. @throws ApiError `overloaded`; the signal's reason */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.taken < this.parallel) this.taken++;
    else if (this.waiting.size < this.queue) await this.turn(signal);
    else {
      throw new ApiError(
        `the server works on ${this.taken} requests and ${this.queued} wait, which is as many as it takes; ask again later`,
        { status: 429, type: 'rate_limit_error', code: 'overloaded', retryAfter: 1 },
      );
    }
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.taken--;
      for (const next of this.waiting) {
        this.waiting.delete(next);
        this.taken++;
        next();
        break;
      }
    };
  }

  private turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const next = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.waiting.delete(next);
        reject(signal.reason);
      };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.add(next);
    });
  }
}

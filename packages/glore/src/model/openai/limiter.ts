/**
 * How many requests to one server are in flight: more while they succeed, half as many when the server says, or shows by
 * silence, that they are too many (additive increase, multiplicative decrease, as in TCP; Chiu and Jain 1989).
 */

/** A place in flight. `round` tells which cut it was begun after. */
export interface Permit {
  readonly round: number;
}

export class Limiter {
  private readonly most: number;
  private allowed: number;
  private inFlight = 0;
  private round = 0;
  /** Until the first cut the number doubles with each round trip. */
  private doubling = true;
  private resumeAt = 0;
  private timer: NodeJS.Timeout | undefined;
  private readonly signal: AbortSignal;
  private readonly waiting = new Set<{ enter(): void; leave(): void }>();

  /** Begins with at most 8 and never exceeds `most`; once the signal is aborted, nobody waits any more. */
  constructor(most: number, signal: AbortSignal) {
    this.most = most;
    this.signal = signal;
    this.allowed = Math.min(8, most);
    signal.addEventListener('abort', () => {
      clearTimeout(this.timer);
      for (const { leave } of this.waiting) leave();
      this.waiting.clear();
    });
  }

  /** Requests that may be in flight at present. */
  get limit(): number {
    return Math.max(1, Math.floor(this.allowed));
  }

  /** Waits for a place. @throws the signal's reason */
  acquire(): Promise<Permit> {
    return new Promise((resolve, reject) => {
      if (this.signal.aborted) return reject(this.signal.reason);
      this.waiting.add({
        enter: () => resolve({ round: this.round }),
        leave: () => reject(this.signal.reason),
      });
      this.admit();
    });
  }

  /** Gives the place back. `overloaded`: the server had too much to do. */
  release({ round }: Permit, outcome: 'done' | 'overloaded' | 'failed'): void {
    const full = this.inFlight >= this.limit;
    this.inFlight--;
    if (outcome === 'overloaded') {
      // One cut for all that were in flight together: they tell of the same overload.
      if (round === this.round) {
        this.allowed = Math.max(1, this.allowed / 2);
        this.round++;
        this.doubling = false;
      }
    } else if (outcome === 'done' && full) {
      this.allowed = Math.min(this.most, this.allowed + (this.doubling ? 1 : 1 / this.allowed));
    }
    this.admit();
  }

  /** Begins nothing for `ms` milliseconds, as the server asked. */
  pause(ms: number): void {
    this.resumeAt = Math.max(this.resumeAt, Date.now() + ms);
  }

  private admit(): void {
    const wait = this.resumeAt - Date.now();
    if (wait > 0) {
      if (this.timer === undefined && this.waiting.size > 0) {
        this.timer = setTimeout(() => {
          this.timer = undefined;
          this.admit();
        }, wait);
      }
      return;
    }
    for (const waiter of this.waiting) {
      if (this.inFlight >= this.limit) return;
      this.waiting.delete(waiter);
      this.inFlight++;
      waiter.enter();
    }
  }
}

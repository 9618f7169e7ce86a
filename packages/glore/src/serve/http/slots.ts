/** How much is worked on at once, how many requests wait for their turn, and who is sent away. */
import { overloaded } from '../protocol/index.js';

/** Tokens and values of an answer for each place that its request takes. */
const perPlace = 2048;

export class Slots {
  private readonly parallel: number;
  private readonly queue: number;
  private readonly waiting = new Set<{ readonly places: number; readonly go: () => void }>();
  private taken = 0;
  /** Requests worked on. */
  running = 0;

  /** `parallel` places: as many requests at once, unless some of them are large. */
  constructor(parallel: number, queue: number) {
    this.parallel = parallel;
    this.queue = queue;
  }

  get queued(): number {
    return this.waiting.size;
  }

  /**
   * Waits for a turn, which ends with the function that is given back. A large request takes several places, so that all
   * answers together have a bound.
   *
   * @throws ApiError `overloaded`; the signal's reason
   */
  async take(size: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const places = Math.min(Math.max(1, Math.ceil(size / perPlace)), this.parallel);
    if (this.queued === 0 && this.fits(places)) this.start(places);
    else if (this.queued < this.queue) await this.turn(places, signal);
    else {
      throw overloaded(
        `the server works on ${this.running} requests and ${this.queued} wait, which is as much as it takes; ask again later`,
      );
    }
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.taken -= places;
      this.running--;
      this.next();
    };
  }

  private fits(places: number): boolean {
    return this.taken + places <= this.parallel;
  }

  private start(places: number): void {
    this.taken += places;
    this.running++;
  }

  /** Lets in who has waited longest, and after them others while there is room. */
  private next(): void {
    for (const first of this.waiting) {
      if (!this.fits(first.places)) return;
      this.waiting.delete(first);
      this.start(first.places);
      first.go();
    }
  }

  private turn(places: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.waiting.delete(one);
        reject(signal.reason);
        // It may have kept out smaller ones behind it.
        this.next();
      };
      const go = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const one = { places, go };
      signal.addEventListener('abort', leave, { once: true });
      this.waiting.add(one);
    });
  }
}

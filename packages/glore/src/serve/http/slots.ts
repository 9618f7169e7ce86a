/** How much is worked on at once, how many requests wait for their turn, and who is sent away. */
import { overloaded } from '../protocol/index.js';

/** Tokens and values of an answer for each place that its request takes. */
const perPlace = 2048;

export class Slots {
  private readonly parallel: number;
  private readonly queue: number;
  private readonly waiting = new Set<{ readonly places: number; readonly go: () => void }>();
  private taken = 0;
  /** Places of those taken that large requests have. */
  private large = 0;
  /** Requests worked on. */
  running = 0;

  /** `parallel` places: as many requests at once, unless some of them are large, which have at most an eighth of the places. */
  constructor(parallel: number, queue: number) {
    this.parallel = parallel;
    this.queue = queue;
  }

  get queued(): number {
    return this.waiting.size;
  }

  /**
   * Waits for a turn, which ends with the function that is given back. A large request takes several places, so that all
   * answers together have a bound. Others pass it while large ones have their share: many of them at once hold up each
   * other, and no small one. One that needs more is alone among the large ones.
   *
   * @throws ApiError `overloaded`; the signal's reason
   */
  async take(size: number, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const places = Math.min(Math.max(1, Math.ceil(size / perPlace)), this.parallel);
    if (!this.blocked() && this.allowed(places) && this.fits(places)) this.start(places);
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
      if (places > 1) this.large -= places;
      this.running--;
      this.next();
    };
  }

  /** Whether large requests leave room for one of so many places. */
  private allowed(places: number): boolean {
    return places === 1 || this.large === 0 || this.large + places <= this.parallel / 8;
  }

  /** Whether one waits that nobody may pass. */
  private blocked(): boolean {
    for (const { places } of this.waiting) if (this.allowed(places)) return true;
    return false;
  }

  private fits(places: number): boolean {
    return this.taken + places <= this.parallel;
  }

  private start(places: number): void {
    this.taken += places;
    if (places > 1) this.large += places;
    this.running++;
  }

  /** Lets in who has waited longest, and after them others while there is room. */
  private next(): void {
    for (const first of this.waiting) {
      if (!this.allowed(first.places)) continue;
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

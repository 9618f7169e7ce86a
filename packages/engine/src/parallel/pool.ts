/** Worker threads that models on the same weights have in common. */
import type { DecoderOptions, Decoders } from '../sample/index.js';
import { Remote } from '../worker/index.js';
import type { Held } from './held.js';

/** By the weights and the number of threads. */
const pools = new WeakMap<Held, Map<number, Pool>>();

type Thread = Remote<Decoders>;

export class Pool {
  private readonly threads: Promise<Thread[]>;
  private idle: Thread[] = [];
  private readonly queue: ((thread: Thread) => void)[] = [];
  private models = 0;
  private added = 0;
  private readonly forget: () => void;

  private constructor(workers: number, forget: () => void) {
    this.forget = forget;
    this.threads = Remote.start('decoders', Array<Record<string, never>>(workers).fill({}));
    this.threads.then(
      (threads) => {
        for (const thread of threads) this.give(thread);
      },
      () => {},
    );
  }

  /** The threads of some weights, which end when the last model on them is removed. */
  static of(held: Held, workers: number): Pool {
    const known = pools.get(held) ?? new Map<number, Pool>();
    pools.set(held, known);
    const pool = known.get(workers) ?? new Pool(workers, () => known.delete(workers));
    known.set(workers, pool);
    return pool;
  }

  /** Opens a model in each thread. Gives its number, by which it is called there. */
  async add(options: DecoderOptions): Promise<number> {
    this.models++;
    const number = this.added++;
    try {
      const threads = await this.threads;
      await Promise.all(threads.map((thread) => thread.call('add', number, options)));
    } catch (error) {
      await this.remove(number);
      throw error;
    }
    return number;
  }

  async remove(number: number): Promise<void> {
    const last = --this.models === 0;
    if (last) this.forget();
    const threads = await this.threads.catch(() => []);
    await Promise.all(
      threads.map((thread) => (last ? thread.close() : thread.call('remove', number))),
    );
  }

  /** Works with the next free thread. */
  async with<T>(work: (thread: Thread) => Promise<T>): Promise<T> {
    const thread =
      this.idle.pop() ?? (await new Promise<Thread>((resolve) => this.queue.push(resolve)));
    try {
      return await work(thread);
    } finally {
      this.give(thread);
    }
  }

  private give(thread: Thread): void {
    const next = this.queue.shift();
    if (next) next(thread);
    else this.idle.push(thread);
  }
}

/** What the two sides of a worker thread agree on. */
import type { Decoders } from '../sample/index.js';
import type { Replica } from '../train/index.js';

/** What can run in a worker; `open` is called first, once, and gives what all other calls are to. */
export interface Services {
  replica: typeof Replica;
  decoders: typeof Decoders;
}

/** A service as `open` gives it. */
export type Opened<K extends keyof Services> = Awaited<ReturnType<Services[K]['open']>>;

/** A call; with `hear` the method is given one more argument, by which it tells of its progress. */
export interface Call {
  readonly id: number;
  readonly method: string;
  readonly values: readonly unknown[];
  readonly hear: boolean;
}

/** The answer to the call with this id, or with `event` its progress. */
export interface Reply {
  readonly id: number;
  readonly event?: unknown;
  readonly result?: unknown;
  readonly error?: { message: string; code?: string };
}

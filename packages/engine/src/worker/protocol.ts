/** What the two sides of a worker thread agree on. */
import type { Decoder } from '../sample/decoder.js';
import type { Replica } from '../train/replica.js';

/** What can run in a worker; `open` is called first, once. */
export interface Services {
  replica: Replica;
  decoder: Decoder;
}

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

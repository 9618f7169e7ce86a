/** What the two sides of a worker thread agree on. */
import type { Decoder } from '../sample/decoder.js';
import type { Replica } from '../train/replica.js';

/** What can run in a worker; `open` is called first, once. */
export interface Services {
  replica: Replica;
  decoder: Decoder;
}

/** The answer to the call with this id. */
export interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: { message: string; code?: string };
}

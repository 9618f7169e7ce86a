/** Log-probabilities of tokens, in nats, as the model gives them: before any temperature. */

import { EngineError } from '../error.js';

/** What is wanted of each drawn token. */
export interface LogprobsWanted {
  /** So many of the likeliest tokens. */
  readonly top: number;
  /** And these, however unlikely. */
  readonly of: readonly number[];
}

/** The log-probability of a drawn token, and of others in its place. */
export interface TokenLogprobs {
  readonly logprob: number;
  /** The likeliest tokens, likeliest first; of equal ones the lower id first. */
  readonly top: readonly (readonly [token: number, logprob: number])[];
  /** Of the tokens asked for, in their order. */
  readonly of: readonly number[];
}

/** @throws EngineError `not-finite` if the sum of some logits is no number, and so one of them: nothing follows from it */
export function finite(sum: number): void {
  if (Number.isFinite(sum)) return;
  throw new EngineError(
    'not-finite',
    `the model computes ${sum} where it should compute numbers: its weights are broken, or too large; train it again at a lower rate, or take an earlier checkpoint`,
  );
}

/** log(sum(exp(logits[start..start+size)))) @throws EngineError `not-finite` */
export function logTotal(logits: Float32Array, start: number, size: number): number {
  let most = -Infinity;
  for (let i = start; i < start + size; i++) most = Math.max(most, logits[i]!);
  let total = 0;
  let sum = 0;
  for (let i = start; i < start + size; i++) {
    sum += logits[i]!;
    total += Math.exp(logits[i]! - most);
  }
  finite(sum);
  return most + Math.log(total);
}

/** Log-probabilities in logits[start..start+size), one of which was drawn. */
export function logprobsOf(
  logits: Float32Array,
  start: number,
  size: number,
  token: number,
  wanted: LogprobsWanted,
): TokenLogprobs {
  const total = logTotal(logits, start, size);
  const at = (id: number): number => logits[start + id]! - total;
  // Few are wanted of many, so they are inserted one by one instead of sorting all.
  const likeliest: number[] = [];
  const count = Math.min(wanted.top, size);
  for (let id = 0; id < size && count > 0; id++) {
    if (likeliest.length === count && at(id) <= at(likeliest.at(-1)!)) continue;
    let place = likeliest.length;
    while (place > 0 && at(id) > at(likeliest[place - 1]!)) place--;
    likeliest.splice(place, 0, id);
    likeliest.length = Math.min(likeliest.length, count);
  }
  return {
    logprob: at(token),
    top: likeliest.map((id) => [id, at(id)]),
    of: wanted.of.map(at),
  };
}

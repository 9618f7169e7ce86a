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
  const top = likeliest(logits, start, size, Math.min(wanted.top, size));
  return {
    logprob: at(token),
    top: top.map((id) => [id, at(id)]),
    of: wanted.of.map(at),
  };
}

/** So many are inserted one by one; of more all are sorted. */
const few = 20;

/** The `count` largest of logits[start..start+size), largest first; of equal ones the lower id first. */
export function likeliest(
  logits: Float32Array,
  start: number,
  size: number,
  count: number,
): readonly number[] {
  const at = (id: number): number => logits[start + id]!;
  if (count > few) {
    return Array.from({ length: size }, (_, id) => id)
      .sort((a, b) => at(b) - at(a))
      .slice(0, count);
  }
  const found: number[] = [];
  for (let id = 0; id < size && count > 0; id++) {
    if (found.length === count && at(id) <= at(found.at(-1)!)) continue;
    let place = found.length;
    while (place > 0 && at(id) > at(found[place - 1]!)) place--;
    found.splice(place, 0, id);
    found.length = Math.min(found.length, count);
  }
  return found;
}

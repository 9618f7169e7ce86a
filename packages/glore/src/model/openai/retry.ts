/** When to ask again: exponential backoff with full jitter, never sooner than the server wants. */

const firstMs = 500;
const mostMs = 30_000;

/** Milliseconds to wait before attempt `attempt + 1` (from 1): uniform below a bound that doubles, at least `after`. */
export function backoff(attempt: number, after = 0, random: () => number = Math.random): number {
  const bound = Math.min(mostMs, firstMs * 2 ** (attempt - 1));
  // What many were told to wait alike is spread too, or they would all come back at once.
  return after > 0 ? after + random() * Math.min(bound, after) : random() * bound;
}

/** Milliseconds that a `Retry-After` header asks for, in seconds or as a date; 0 if it says nothing. */
export function retryAfter(header: string | undefined, now: number = Date.now()): number {
  if (header === undefined) return 0;
  const seconds = Number(header);
  if (header.trim() !== '' && seconds >= 0) return Math.min(1000 * seconds, longestMs);
  const date = Date.parse(header);
  return Number.isNaN(date) ? 0 : Math.min(Math.max(0, date - now), longestMs);
}

/** No server is believed that asks for more than an hour. */
const longestMs = 3_600_000;

/** Statuses that another attempt may cure; other 4xx are the request's own fault. */
export const isPassing = (status: number): boolean =>
  status === 408 || status === 409 || status === 429 || status >= 500;

/** Statuses and failures that say that the server is busy or away, not that the request is bad. */
export const isBusy = (status: number): boolean =>
  status === 429 || status === 502 || status === 503 || status === 504;

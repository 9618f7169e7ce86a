/** When to ask again: exponential backoff with full jitter, never sooner than the server wants. */

const firstMs = 500;
const mostMs = 30_000;

/** Milliseconds to wait before attempt `attempt + 1` (from 1): uniform below a bound that doubles, at least `after`. */
export function backoff(attempt: number, after = 0, random: () => number = Math.random): number {
  const bound = Math.min(mostMs, firstMs * 2 ** (attempt - 1));
  // What many were told to wait alike is spread too, or they would all come back at once.
  return after > 0 ? after + random() * Math.min(bound, after) : random() * bound;
}

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/**
 * Milliseconds that `retry-after-ms` or `Retry-After` asks for, in seconds or as a date, which is compared with the server's
 * own clock where it shows it; 0 if they say nothing.
 */
export function retryAfter(headers: Headers, now: number = Date.now()): number {
  const ms = numberIn(first(headers['retry-after-ms']));
  if (ms !== undefined) return Math.min(ms, longestMs);
  const header = first(headers['retry-after']);
  const seconds = numberIn(header?.replace(/\s*s(ec(ond)?s?)?\s*$/i, ''));
  if (seconds !== undefined) return Math.min(1000 * seconds, longestMs);
  const date = dateIn(header);
  if (date === undefined) return 0;
  return Math.min(Math.max(0, date - (dateIn(first(headers.date)) ?? now)), longestMs);
}

/** No server is believed that asks for more than an hour. */
const longestMs = 3_600_000;

const first = (header: string | string[] | undefined): string | undefined =>
  (typeof header === 'string' ? header : header?.[0])?.trim();

function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const number = Number(text);
  return number >= 0 ? number : undefined;
}

/** All three forms of HTTP's dates are of Greenwich, though asctime's does not say so. */
function dateIn(text: string | undefined): number | undefined {
  if (text === undefined || !/[a-z]{3}|\d-\d/i.test(text)) return undefined;
  const date = Date.parse(/(GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(text) ? text : `${text} GMT`);
  return Number.isNaN(date) ? undefined : date;
}

/** Who may ask. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Context } from 'hono';
import { ApiError } from '../protocol/index.js';

/** @throws ApiError `invalid_api_key`; `host` where there is no key and the name is not this machine's */
export function checkCaller(c: Context, key: string | undefined): void {
  if (key === undefined) {
    // A page that has its own name point to this machine would else be let in.
    const host = c.req.header('host')?.replace(/:\d+$/, '') ?? '';
    if (isLocal(host.replace(/^\[|\]$/g, ''))) return;
    throw new ApiError(`host: expected localhost or 127.0.0.1, found ${JSON.stringify(host)}`, {
      status: 403,
      type: 'invalid_request_error',
      code: 'host',
    });
  }
  const given = c.req.header('authorization')?.match(/^Bearer\s+(.+)$/i)?.[1] ?? '';
  if (timingSafeEqual(digest(given), digest(key))) return;
  throw new ApiError(
    given === ''
      ? 'expected a key in the header "authorization: Bearer ...", found none'
      : "expected this server's key, found another",
    { status: 401, type: 'authentication_error', code: 'invalid_api_key' },
  );
}

/**
 * What the pages show is for the pages of this server alone, and those of origins that are named: others could not read an
 * answer, but they could ask.
 * @throws ApiError `origin`
 */
export function checkOrigin(c: Context, named: readonly string[]): void {
  const origin = c.req.header('origin');
  const site = c.req.header('sec-fetch-site') ?? 'none';
  const own =
    origin === undefined
      ? ['same-origin', 'none'].includes(site)
      : isOwn(origin, c.req.header('host'));
  if (own || (origin !== undefined && named.includes(origin))) return;
  throw new ApiError(
    `origin: expected a page of this server, found one of ${JSON.stringify(origin ?? site)}; name its origin with --cors where it may ask`,
    { status: 403, type: 'invalid_request_error', code: 'origin' },
  );
}

/** Whether a page is this server's; what is in front of it may speak TLS, so that the scheme may be another. */
const isOwn = (origin: string, host: string | undefined): boolean =>
  URL.canParse(origin) && new URL(origin).host === host;

/** Of equal length whatever the text, as the comparison needs. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Whether a name is this machine's own. */
export const isLocal = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);

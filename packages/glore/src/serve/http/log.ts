/** A line for every response, whoever answers. */
import { randomUUID } from 'node:crypto';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ApiError } from '../protocol/index.js';

/** What the parts of the server know of a request while it is on its way. */
export interface Served {
  Bindings: HttpBindings;
  Variables: {
    /** In its log line and its header `x-request-id`. */
    id: string;
    /** With what it is refused. */
    refused?: ApiError;
    /** Its line comes from who answers it, when the answer is taken. */
    owned?: true;
  };
}

export type Log = (line: object) => void;

/** Names requests, and logs what nobody else does: answers at once, refusals, paths that are none. */
export const logged =
  (log: Log): MiddlewareHandler<Served> =>
  async (c, next) => {
    const began = performance.now();
    const id = randomUUID().replaceAll('-', '');
    c.set('id', id);
    c.header('x-request-id', id);
    await next();
    if (c.get('owned')) return;
    const { path } = c.req;
    writeLine(log, { id, path, status: c.res.status, seconds: since(began) }, c.get('refused'));
  };

/** Seconds, to the microsecond. */
export const since = (began: number): number =>
  Math.round(1000 * (performance.now() - began)) / 1e6;

export function writeLine(log: Log, line: object, error: ApiError | undefined): void {
  log({
    time: new Date().toISOString(),
    ...line,
    ...(error && { error: error.code }),
    ...(error?.cause instanceof Error && { cause: error.cause.stack }),
  });
}

/** The failure as an answer. */
export function refuse(c: Context<Served>, error: ApiError): Response {
  c.set('refused', error);
  const { status, retryAfter } = error.refusal;
  if (retryAfter !== undefined) c.header('retry-after', String(retryAfter));
  return c.json(error.body, status as ContentfulStatusCode);
}

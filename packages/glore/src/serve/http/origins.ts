/** Pages in browsers that may ask: of no origin but those that are named. */
import { cors } from 'hono/cors';
import { GloreError } from '../../error.js';

/** Answers what browsers ask before they let a page ask. The key is asked for as ever. */
export const forPages = (origins: readonly string[]) =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'POST'],
    exposeHeaders: ['x-request-id', 'retry-after'],
    maxAge: 600,
  });

/** @throws GloreError `origin` for what is no origin as browsers send it */
export function checkOrigins(origins: readonly string[]): void {
  for (const origin of origins) {
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new GloreError(
      'origin',
      `--cors: expected the origin of a page, as in https://example.org or http://localhost:5173, found something else; leave out the path, and name each origin`,
    );
  }
}

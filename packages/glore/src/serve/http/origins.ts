/** Pages in browsers that may ask are of origins that are named. */
import { GloreError } from '../../error.js';

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

/** The pages: the files that were built for them, which hold no secrets and are for whoever may ask for the key. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Hono, MiddlewareHandler } from 'hono';
import { compress } from 'hono/compress';
import { getMimeType } from 'hono/utils/mime';
import { GloreError } from '../../error.js';
import { inPackage } from '../../package.js';
import { checkCaller } from './caller.js';
import type { Served } from './log.js';

/** The build puts them there. */
const built = inPackage('web/app');

/** Answers each of the files at its path. No other path leads to a file. @throws GloreError `pages-missing` */
export function servePages(app: Hono<Served>, key: string | undefined): void {
  for (const { path, bytes, headers } of filesOf(built)) {
    app.get(path, secured(policy), compress(), (c) => {
      if (key === undefined) checkCaller(c, key);
      return c.body(bytes, 200, headers);
    });
  }
}

interface PageFile {
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Record<string, string>;
}

function filesOf(folder: string): PageFile[] {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new GloreError(
      'pages-missing',
      `${folder}: expected the pages, found none; build them: npm run build`,
    );
  }
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      const name = relative(folder, file).split(sep).join('/');
      return {
        path: name === 'index.html' ? '/' : `/${name}`,
        bytes: new Uint8Array(readFileSync(file)),
        headers: {
          'content-type': getMimeType(name) ?? 'application/octet-stream',
          // Their names have a hash of what is in them.
          'cache-control': name.startsWith('assets/')
            ? 'public, max-age=31536000, immutable'
            : 'no-cache',
        },
      };
    });
}

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What browsers are to keep to. The policy is of what a page may load; an answer that is no page loads nothing. */
export const secured =
  (policyOfPage = "default-src 'none'; frame-ancestors 'none'"): MiddlewareHandler<Served> =>
  async (c, next) => {
    await next();
    c.header('content-security-policy', policyOfPage);
    c.header('x-content-type-options', 'nosniff');
    c.header('referrer-policy', 'no-referrer');
    c.header('cross-origin-opener-policy', 'same-origin');
    c.header('cross-origin-resource-policy', 'same-origin');
  };

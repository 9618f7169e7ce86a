/** Keys of servers, which recipes name and never hold. */
import { GloreError } from '../../error.js';

/** The key in the environment variable `name`; undefined without a name. @throws GloreError `endpoint-key` */
export function readKey(endpoint: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const key = process.env[name]?.trim();
  if (key) return key;
  throw new GloreError(
    'endpoint-key',
    `endpoints.${endpoint}.key: expected a key in the environment variable ${name}, found none; set it: export ${name}=...`,
  );
}

/** Keys of servers, which recipes name and never hold. */
import { GloreError } from '../../error.js';
import { variableShown } from '../../files/index.js';

/**
 * The key in the environment variable `name`; undefined without a name.
 *
 * @param where who named it, for errors: a key of the recipe, or an option
 * @throws GloreError `endpoint-key`
 */
export function readKey(
  endpoint: string,
  name: string | undefined,
  where = `endpoints.${endpoint}.key`,
): string | undefined {
  if (name === undefined) return undefined;
  const key = process.env[name]?.trim();
  if (key && /^[\x21-\x7e]+$/.test(key)) return key;
  if (key) {
    throw new GloreError(
      'endpoint-key',
      `${where}: expected a key in the environment variable ${variableShown(name)}, found one with characters that no header takes (spaces, control characters, letters beyond ASCII); set it anew`,
    );
  }
  throw new GloreError(
    'endpoint-key',
    `${where}: expected a key in the environment variable ${variableShown(name)}, found none; set it: export <its name>=...`,
  );
}

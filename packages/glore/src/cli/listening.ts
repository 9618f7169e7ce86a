/** What commands that serve have in common: the key, and going on until they are told to end. */
import { GloreError } from '../error.js';
import { variableShown } from '../files/index.js';
import type { Running } from '../serve/index.js';
import { Interrupted, interruptible } from './interrupt.js';

/** The key in the variable; a variable that was named must hold one. */
export function readKey(name: string, named: boolean): string | undefined {
  const key = process.env[name]?.trim() || undefined;
  if (key !== undefined || !named) return key;
  throw new GloreError(
    'key-missing',
    `--key-env: expected a key in the environment variable ${variableShown(name)}, found none; set it: export <its name>=...`,
  );
}

/** Says where it listens, and serves until a signal comes, which is how a server is meant to end. @param drain seconds */
export async function serveUntilStopped(
  running: Running,
  said: string,
  drain: number,
): Promise<void> {
  try {
    await interruptible((signal) => {
      // Who reads that it listens may end it from then on.
      process.stdout.write(`${said}\n`);
      return new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    });
  } catch (reason) {
    if (!(reason instanceof Interrupted)) throw reason;
  } finally {
    await running.close(drain);
  }
}

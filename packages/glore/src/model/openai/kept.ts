/** An endpoint whose answers are kept: what has arrived once, and was found good, is not asked for again. */
import { createHash } from 'node:crypto';
import type { Answers } from '../types.js';
import type { Endpoint } from './endpoint.js';
import { shaped, Unreadable } from './reading.js';

/** What adapters use of an endpoint. */
export type Asked = Pick<Endpoint, 'name' | 'post'>;

/**
 * An answer's name is a hash of endpoint and path, of all that is asked (model, prompt, sampling parameters, seed) and of the
 * samples' numbers, since servers without seeds are sent the same for every sample.
 */
export function kept(endpoint: Asked, answers: Answers): Asked {
  const { name } = endpoint;
  return {
    name,
    post(path, body, reader, options = {}) {
      const { shape } = reader;
      const ask = () =>
        endpoint.post(
          path,
          body,
          {
            shape,
            read(found) {
              reader.read(found);
              return found;
            },
          },
          options,
        );
      return readOnce(answers, nameOf([name, path, body, options.samples ?? null]), ask, (value) =>
        reader.read(shaped(reader, value)),
      );
    },
  };
}

/** A short name for all that an answer depends on. */
export const nameOf = (asked: unknown): string =>
  createHash('sha256').update(JSON.stringify(asked)).digest('base64url').slice(0, 22);

/**
 * What is read of what is kept under a name. What cannot be read, as an earlier version may have kept it, is asked for again,
 * and the new answer kept under another name.
 */
export async function readOnce<R, T>(
  answers: Answers,
  name: string,
  ask: () => Promise<R>,
  read: (kept: unknown) => T,
): Promise<T> {
  for (let again = 0; ; again++) {
    let fresh = false;
    const value: unknown = await answers.once(again === 0 ? name : `${name}.${again}`, () => {
      fresh = true;
      return ask();
    });
    try {
      return read(value);
    } catch (error) {
      if (fresh || !(error instanceof Unreadable)) throw error;
    }
  }
}

/** Answers kept for as long as this is. */
export function remembered(): Answers {
  const values = new Map<string, Promise<unknown>>();
  return {
    once<T>(name: string, ask: () => Promise<T>): Promise<T> {
      let value = values.get(name);
      if (value === undefined) {
        value = ask();
        values.set(name, value);
      }
      return value as Promise<T>;
    },
  };
}

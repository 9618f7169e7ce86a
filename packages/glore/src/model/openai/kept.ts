/** An endpoint whose answers are kept: what has arrived once is not asked for again. */
import { createHash } from 'node:crypto';
import type { Answers } from '../types.js';
import type { Endpoint } from './endpoint.js';

/** What adapters use of an endpoint. */
export type Asked = Pick<Endpoint, 'name' | 'post'>;

/**
 * An answer's name is a hash of endpoint and path, of all that is sent (model, prompt, sampling parameters, seed) and of the
 * samples' numbers, since servers without seeds are sent the same for every sample.
 */
export function kept(endpoint: Asked, answers: Answers): Asked {
  const { name } = endpoint;
  return {
    name,
    post(path, body, shape, options = {}) {
      const asked = JSON.stringify([name, path, body, options.samples ?? null]);
      const hash = createHash('sha256').update(asked).digest('base64url').slice(0, 22);
      return answers.once(hash, () => endpoint.post(path, body, shape, options));
    },
  };
}

/** Several completions of one prompt, on servers with seeds, with `n`, or with neither. */
import { type Asking, type Choice, complete, neutralSampling } from './answers.js';
import type { Endpoint } from './endpoint.js';
import type { Capabilities } from './probe.js';

/**
 * One choice for each seed. With seeds each is asked for alone, so that it is what its seed says whatever it is asked
 * with; else `n` choices come in one answer, or one in each of several.
 */
export async function sample(
  endpoint: Endpoint,
  can: Partial<Capabilities>,
  asking: Omit<Asking, 'n' | 'seed'>,
  seeds: readonly number[],
): Promise<Choice[]> {
  const full = {
    ...asking,
    ...(can.extensions && { extensions: { ...neutralSampling, ...asking.extensions } }),
  };
  if (can.n && !can.seed && seeds.length > 1) {
    const { choices } = await complete(endpoint, { ...full, n: seeds.length });
    return [...choices];
  }
  return Promise.all(
    seeds.map(async (seed) => {
      const { choices } = await complete(endpoint, { ...full, ...(can.seed && { seed }) });
      return choices[0]!;
    }),
  );
}

/** Several completions of one prompt, on servers with seeds, with `n`, or with neither; prompts that share branches. */
import { type Asking, complete, neutralSampling } from './answers.js';
import type { Completion } from './choices.js';
import type { Asked } from './kept.js';
import type { Capabilities } from './probe.js';

/** Told of a completion so far, by its place: of several in one answer, of the first. */
export type HearChoice = (place: number, choice: Completion) => void;

/**
 * One choice for each seed. With seeds each is asked for alone, so that it is what its seed says whatever it is asked
 * with; else `n` choices come in one answer, or one in each of several.
 */
export async function sample(
  endpoint: Asked,
  can: Partial<Capabilities>,
  asking: Omit<Asking, 'n' | 'seed' | 'samples' | 'hear'>,
  seeds: readonly number[],
  hear?: HearChoice,
): Promise<Completion[]> {
  const full = {
    ...asking,
    ...(can.extensions && { extensions: { ...neutralSampling, ...asking.extensions } }),
  };
  if (can.n && !can.seed && seeds.length > 1) {
    const { choices } = await complete(endpoint, {
      ...{ ...full, n: seeds.length, samples: seeds },
      hear: hear && ((choice) => hear(0, choice)),
    });
    return [...choices];
  }
  return Promise.all(
    seeds.map(async (seed, i) => {
      const { choices } = await complete(endpoint, {
        ...full,
        ...(can.seed && { seed }),
        samples: [seed],
        hear: hear && ((choice) => hear(i, choice)),
      });
      return choices[0]!;
    }),
  );
}

/** One completion for each branch, in order. Branches from one place go together, for servers that give several choices. */
export async function sampleBranches<B extends { readonly seed: number }>(
  branches: readonly B[],
  placeOf: (branch: B) => number,
  draw: (
    place: number,
    seeds: readonly number[],
    hear: HearChoice | undefined,
  ) => Promise<readonly Completion[]>,
  hear?: HearChoice,
): Promise<Completion[]> {
  const found = new Map<B, Completion>();
  await Promise.all(
    [...new Set(branches.map(placeOf))].map(async (place) => {
      const group = branches.filter((branch) => placeOf(branch) === place);
      const choices = await draw(
        place,
        group.map(({ seed }) => seed),
        hear && ((i, choice) => hear(branches.indexOf(group[i]!), choice)),
      );
      for (const [i, branch] of group.entries()) found.set(branch, choices[i]!);
    }),
  );
  return branches.map((branch) => found.get(branch)!);
}

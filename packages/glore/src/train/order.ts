/** Which examples are held out of training, and in which order the others are learned from; all of it follows from a seed. */
import type { Example, Schedule } from '@glore/engine';
import { Random } from '../problem/index.js';

/** An example and what it belongs to: sequences of one problem go together, so that what is held out is really new. */
export interface GroupedExample extends Example {
  readonly group: string;
}

/** Most groups that are held out, and most of their examples. */
const HELD_OUT = 96;

/**
 * Examples to learn from, and examples to watch the loss on: those of the first groups of a seeded shuffle. Never more than
 * a fifth of the groups, since of little data most is to learn from; where that is none, what is watched is learned too.
 * @param groups all that there are, those too of which no example is short enough to be here
 */
export function holdOutExamples<E extends GroupedExample>(
  examples: readonly E[],
  groups: Iterable<string>,
  seed: string,
): { learned: E[]; heldOut: E[] } {
  const all = [...new Set(groups)];
  const count = Math.min(HELD_OUT, Math.floor(all.length / 5));
  const held = new Set(new Random(seed, 'held-out').shuffle(all).slice(0, count));
  const within = examples.filter(({ group }) => held.has(group));
  const rest = examples.filter(({ group }) => !held.has(group));
  const learned = rest.length > 0 ? rest : [...examples];
  return { learned, heldOut: (within.length > 0 ? within : learned).slice(0, HELD_OUT) };
}

export interface EpochOptions {
  /** Most examples; all of them if left out. */
  readonly examples?: number | undefined;
  readonly epochs: number;
  /** Examples in a batch. */
  readonly batch: number;
  /** Whether the examples of a group come in one batch, where they fit: what they begin with alike is computed once then. */
  readonly together: boolean;
}

/** The updates of some epochs, and the batch of each update, counted from 1. */
export interface Batches<E> {
  readonly steps: number;
  readonly batch: (step: number) => readonly E[];
}

/** One selection of the examples for all epochs, in another order in each; the last batch of an epoch may be smaller. */
export function batches<E extends { readonly group: string }>(
  examples: readonly E[],
  { examples: most = examples.length, epochs, batch: size, together }: EpochOptions,
  seed: string,
): Batches<E> {
  const chosen = new Random(seed, 'choice').shuffle(examples).slice(0, most);
  const perEpoch = Math.ceil(chosen.length / size);
  let latest: { readonly epoch: number; readonly order: readonly E[] } | undefined;
  return {
    steps: perEpoch * epochs,
    batch: (step) => {
      const epoch = Math.floor((step - 1) / perEpoch);
      if (latest?.epoch !== epoch) {
        const order = new Random(seed, epoch).shuffle(chosen);
        // Not by their first examples: large groups would come first.
        const groups = () => new Random(seed, epoch, 'groups').shuffle(grouped(order));
        latest = { epoch, order: together ? filled(groups(), size) : order };
      }
      const at = ((step - 1) % perEpoch) * size;
      return latest.order.slice(at, at + size);
    },
  };
}

/** The examples of each group, in the order of first sight. */
export function grouped<E extends { readonly group: string }>(examples: readonly E[]): E[][] {
  const groups = new Map<string, E[]>();
  for (const example of examples) {
    const known = groups.get(example.group);
    if (known) known.push(example);
    else groups.set(example.group, [example]);
  }
  return [...groups.values()];
}

/**
 * The groups in their order, except that one which does not fit into what is left of a batch waits for the next in which it
 * does; where none fits, the first that waits is cut.
 */
function filled<E>(groups: readonly E[][], size: number): E[] {
  const order: E[] = [];
  let waiting = [...groups];
  while (waiting.length > 0) {
    let room = size;
    const later: E[][] = [];
    let seen = 0;
    for (; seen < waiting.length && room > 0; seen++) {
      const group = waiting[seen]!;
      if (group.length > room) later.push(group);
      else {
        order.push(...group);
        room -= group.length;
      }
    }
    waiting = [...later, ...waiting.slice(seen)];
    if (room > 0 && waiting[0]) order.push(...waiting[0].splice(0, room));
  }
  return order;
}

/** A short warm-up to the highest rate, and a fall to a twentieth of it at the last update. */
export const scheduleOf = (rate: number, steps: number): Schedule => ({
  rate,
  warmup: Math.min(50, Math.ceil(steps / 10)),
  steps,
  floor: 0.05,
});

/** Batches as trees: what its sequences begin with alike is computed once, and how that is dealt to workers. */
import {
  compareSequences,
  evenly,
  families,
  filled,
  type Tree,
  type TreePart,
  treeOf,
} from '../tree/index.js';
import type { Example } from './example.js';
import { MOST, MOST_PAIRS } from './padded.js';

/** One run of the training graph: a tree, of whose rows `picked` have targets, each one or several. */
export interface TreeBatch {
  readonly kind: 'tree';
  readonly tree: Tree;
  readonly picked: Int32Array;
  /** By target the place of its row in `picked`, its token and its weight; no token twice in a row. */
  readonly rows: Int32Array;
  readonly targets: Int32Array;
  readonly weights: Float32Array;
}

/** Sequences that begin with fewer tokens alike may be computed apart from one another. */
const FAMILY = 16;

/**
 * A batch dealt to workers as trees. Sequences that begin alike stay together unless workers would wait for the one that
 * has them: then they are cut apart, and what they share is computed by each.
 * @returns by worker its micro-batches, none for some if there are fewer examples than workers
 */
export function dealtTrees(examples: readonly Example[], workers: number): TreeBatch[][] {
  const order = examples.toSorted((a, b) => compareSequences(a.tokens, b.tokens));
  const sequences = order.map(({ tokens }) => tokens);
  const whole = spread(families(sequences, FAMILY), workers);
  const cut = spread(evenly(sequences, workers), workers);
  const best = largest(cut) < largest(whole) ? cut : whole;
  return best.map((parts) => {
    const own = parts.toSorted((a, b) => a.first - b.first);
    return microBatches(own.flatMap(({ first, end }) => order.slice(first, end)));
  });
}

const sizeOf = (parts: readonly TreePart[]) => parts.reduce((sum, { size }) => sum + size, 0);
const largest = (shares: readonly TreePart[][]) => Math.max(...shares.map(sizeOf));

/** Parts dealt out, the largest first and each to whoever has least. */
function spread(parts: readonly TreePart[], workers: number): TreePart[][] {
  const shares = Array.from({ length: workers }, (): TreePart[] => []);
  for (const part of parts.toSorted((a, b) => b.size - a.size)) {
    shares.reduce((a, b) => (sizeOf(b) < sizeOf(a) ? b : a)).push(part);
  }
  return shares;
}

/** A worker's examples, in order, as few runs of the graph as memory allows; a sequence alone may be longer. */
function microBatches(examples: readonly Example[]): TreeBatch[] {
  const sequences = examples.map(({ tokens }) => tokens);
  const longest = sequences.reduce((most, { length }) => Math.max(most, length), 1);
  const most = Math.max(longest, Math.min(MOST, MOST_PAIRS / longest));
  // No fewer parts hold them, and as many as that can be made more alike.
  return evenly(sequences, filled(sequences, most).length).map(({ first, end }) =>
    pack(examples.slice(first, end)),
  );
}

/** Targets of the same row and token are one, which weighs as much as they do together. */
function pack(examples: readonly Example[]): TreeBatch {
  const { tree, paths } = treeOf(examples.map(({ tokens }) => tokens));
  const byRow = new Map<number, Map<number, number>>();
  examples.forEach(({ targets, weights }, i) => {
    targets.forEach((target, t) => {
      if (target < 0) return;
      const row = paths[i]![t]!;
      const own = byRow.get(row) ?? new Map<number, number>();
      own.set(target, (own.get(target) ?? 0) + (weights?.[t] ?? 1));
      byRow.set(row, own);
    });
  });
  const picked = [...byRow].sort(([a], [b]) => a - b);
  const entries = picked.flatMap(([, own], place) =>
    [...own].map(([target, weight]) => ({ place, target, weight })),
  );
  return {
    kind: 'tree',
    tree,
    picked: Int32Array.from(picked, ([row]) => row),
    rows: Int32Array.from(entries, ({ place }) => place),
    targets: Int32Array.from(entries, ({ target }) => target),
    weights: Float32Array.from(entries, ({ weight }) => weight),
  };
}

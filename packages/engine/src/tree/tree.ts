/** Sequences as a tree: what several of them begin with is there once. */

/** The distinct positions of some sequences, one row each; rows follow one another in the order of their sequences. */
export interface Tree {
  readonly tokens: Int32Array;
  /** The row of the position before, -1 at a sequence's first. */
  readonly parents: Int32Array;
}

/** A tree and where its sequences are in it. */
export interface Placed {
  readonly tree: Tree;
  /** By sequence the row of each of its positions. */
  readonly paths: readonly Int32Array[];
}

/** How many tokens two sequences begin with alike. */
export function shared(a: readonly number[], b: readonly number[]): number {
  const most = Math.min(a.length, b.length);
  let length = 0;
  while (length < most && a[length] === b[length]) length++;
  return length;
}

/** Orders sequences by their first token, then by the next and so on: each comes after one that it shares most with. */
export function compareSequences(a: readonly number[], b: readonly number[]): number {
  const at = shared(a, b);
  return (a[at] ?? -1) - (b[at] ?? -1);
}

/** The tree of sequences that are in the order of `compareSequences`. */
export function treeOf(sequences: readonly (readonly number[])[]): Placed {
  const tokens: number[] = [];
  const parents: number[] = [];
  const paths: Int32Array[] = [];
  sequences.forEach((sequence, i) => {
    const common = shared(sequences[i - 1] ?? [], sequence);
    const path = new Int32Array(sequence.length);
    if (common > 0) path.set(paths[i - 1]!.subarray(0, common));
    for (let t = common; t < sequence.length; t++) {
      parents.push(path[t - 1] ?? -1);
      path[t] = tokens.push(sequence[t]!) - 1;
    }
    paths.push(path);
  });
  return { tree: { tokens: Int32Array.from(tokens), parents: Int32Array.from(parents) }, paths };
}

/** How many positions sequences in any order have, those that several of them begin with counted once. */
export function distinctPositions(sequences: readonly (readonly number[])[]): number {
  const sorted = sequences.toSorted(compareSequences);
  return sorted.reduce(
    (sum, sequence, i) => sum + sequence.length - shared(sorted[i - 1] ?? [], sequence),
    0,
  );
}

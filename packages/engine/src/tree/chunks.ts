/** The rows of a tree in chunks for attention, each with the rows that are read in it. */
import type { Tree } from './tree.js';

export interface Chunk {
  /** Places [first, end) among the rows that are wanted. */
  readonly first: number;
  readonly end: number;
  /** All rows on the paths to them, their own among them. */
  readonly keys: readonly number[];
}

/**
 * `size` wanted rows at a time. They come in the tree's order, so that the paths of a chunk are mostly one; where it goes
 * from one sequence to another, what they do not share is masked.
 */
export function chunksOf({ parents }: Tree, wanted: Int32Array, size: number): Chunk[] {
  const chunks: Chunk[] = [];
  /** The chunk that a row was last read in. */
  const reader = new Int32Array(parents.length).fill(-1);
  for (let first = 0; first < wanted.length; first += size) {
    const end = Math.min(wanted.length, first + size);
    const keys: number[] = [];
    for (let i = first; i < end; i++) {
      for (let row = wanted[i]!; row >= 0 && reader[row] !== first; row = parents[row]!) {
        reader[row] = first;
        keys.push(row);
      }
    }
    chunks.push({ first, end, keys });
  }
  return chunks;
}

/** Chunks in two blocks, those with fewer keys and those with more, so that padding each to its longest costs least. */
export function inBlocks(chunks: readonly Chunk[]): readonly [Chunk[], Chunk[]] {
  const sorted = chunks.toSorted((a, b) => a.keys.length - b.keys.length);
  const longest = sorted.at(-1)?.keys.length ?? 0;
  const cost = (count: number) =>
    count * sorted[count - 1]!.keys.length + (sorted.length - count) * longest;
  let best = 1;
  for (let count = 2; count < sorted.length; count++) if (cost(count) < cost(best)) best = count;
  return [sorted.slice(0, best), sorted.slice(best)];
}

/** The rows of a tree in chunks for attention, each with the rows that are read in it. */
import type { Tree } from './tree.js';

export interface Chunk {
  /** Places [first, end) among the rows that are wanted. */
  readonly first: number;
  readonly end: number;
  /** All rows on the paths to them, their own among them. */
  readonly keys: readonly number[];
}

/** `paths`: a chunk's rows are on one path. `rows`: they are any that follow one another, so that all chunks are full. */
export type ChunkKind = 'paths' | 'rows';

/**
 * At most `size` wanted rows at a time, which come in the tree's order, so that the paths to those of a chunk are mostly
 * one. Keys are in the tree's order, too; those that a row's path has not are masked.
 */
export function chunksOf(
  { parents }: Tree,
  wanted: Int32Array,
  size: number,
  kind: ChunkKind,
): Chunk[] {
  const chunks: Chunk[] = [];
  /** The chunk that a row was last read in. */
  const reader = new Int32Array(parents.length).fill(-1);
  for (let first = 0; first < wanted.length; ) {
    const keys: number[] = [];
    let end = first;
    for (; end < wanted.length && end - first < size; end++) {
      const fresh: number[] = [];
      let row = wanted[end]!;
      for (; row >= 0 && reader[row] !== first; row = parents[row]!) fresh.push(row);
      // What is above is in the chunk, but on the path to its last row only if it is that row.
      if (kind === 'paths' && end > first && row !== wanted[end - 1]) break;
      for (const key of fresh) reader[key] = first;
      keys.push(...fresh.reverse());
    }
    chunks.push({ first, end, keys });
    first = end;
  }
  return chunks;
}

/**
 * Chunks in `count` blocks, of which there are as many chunks, those with fewest keys in the first: such that padding each
 * to the longest of its block costs least.
 */
export function inBlocks(chunks: readonly Chunk[], count: number): Chunk[][] {
  const sorted = chunks.toSorted((a, b) => a.keys.length - b.keys.length);
  const sizes = sorted.map(({ keys }) => keys.length);
  /** By the number of the first chunks that are in the blocks so far: what they cost, and where the last block begins. */
  let ways = sizes.map((size, i) => ({ cost: (i + 1) * size, ends: [i + 1] }));
  for (let blocks = 2; blocks <= count; blocks++) {
    ways = sizes.map((size, i) => {
      let best = { cost: Infinity, ends: [i + 1] };
      for (let before = blocks - 2; before < i; before++) {
        const way = ways[before]!;
        const cost = way.cost + (i - before) * size;
        if (cost < best.cost) best = { cost, ends: [...way.ends, i + 1] };
      }
      return best;
    });
  }
  const ends = ways.at(-1)?.ends ?? [];
  return ends.map((end, i) => sorted.slice(ends[i - 1] ?? 0, end));
}

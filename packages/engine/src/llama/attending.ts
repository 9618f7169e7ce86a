/** The two ways in which rows attend to those before them: as padded sequences, and as a tree. */
import * as g from '../graph/index.js';
import type { LlamaConfig } from './config.js';
import { rotaryTables } from './layers.js';
import { fixedPositions } from './rope.js';

/** Blocks of chunks in a layer's attention of a tree: chunks of one block are padded to the most keys among them. */
export const TREE_BLOCKS = 3;

/** qkv [N, (H + 2K) * D] -> [N, H * D], or [P, H * D] at the rows int64 [P] where nothing else is wanted. */
export type RowAttention = (qkv: g.Value, picked?: g.Value) => g.Value;

/** Tables of angles [positions, D/2]: constants, or inputs of these names where they depend on a sequence's length. */
function anglesOf(config: LlamaConfig) {
  const table = (name: string) => g.input(name, 'float32', ['angles', config.headSize / 2]);
  return fixedPositions(config) === Infinity
    ? rotaryTables(config, config.maxPositions)
    : { cosine: table('cosine'), sine: table('sine'), negativeSine: table('negativeSine') };
}

/**
 * Rows are B sequences padded at their ends to T positions, row-major. Inputs: `grid` int64 [3] = B, T, -1; `last`
 * int32 [B], all T - 1; `total` int32 [1] = T. Where positions depend on a sequence's length, that is T.
 */
export function paddedAttention(config: LlamaConfig): RowAttention {
  const grid: g.AttentionGrid = {
    grid: g.input('grid', 'int64', [3]),
    last: g.input('last', 'int32', ['batch']),
    total: g.input('total', 'int32', [1]),
    ...anglesOf(config),
  };
  return (qkv, picked) => {
    const mixed = g.causalAttention(qkv, config, grid);
    return picked ? g.embed(mixed, picked) : mixed;
  };
}

/**
 * Rows are positions of a tree. Inputs, as `treeFeeds` makes them: `positions` int64 [N, 1], and what a `PathGrid` has
 * of blocks and cells, `TREE_BLOCKS` blocks in the grid `all` for whole layers and one in the grid `last` for picked rows.
 */
export function treeAttention(config: LlamaConfig): RowAttention {
  const { heads, kvHeads } = config;
  const angles: g.PathAngles = {
    positions: g.input('positions', 'int64', ['rows', 1]),
    ...anglesOf(config),
  };
  const block = (at: string): g.PathBlock => {
    const [chunks, cells, keys] = [`${at}.B`, `${at}.GC`, `${at}.T`];
    return {
      queries: g.input(`${at}.queries`, 'int32', [chunks, kvHeads, cells]),
      keys: g.input(`${at}.keys`, 'int32', [chunks, kvHeads, keys]),
      mask: g.input(`${at}.mask`, 'float32', [chunks, 1, cells, keys]),
    };
  };
  const cells = (name: string, rows: string) => g.input(`${name}.cells`, 'int32', [rows, heads]);
  const blocks = Array.from({ length: TREE_BLOCKS }, (_, i) => block(`all.${i}`));
  const all = { blocks, cells: cells('all', 'rows') };
  const last = { blocks: [block('last.0')], cells: cells('last', 'picked') };
  return (qkv, picked) => g.pathAttention(qkv, config, angles, picked ? { ...last, picked } : all);
}

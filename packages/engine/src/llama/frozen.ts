/** Weights that stay as they are, and an adapter beside them, as constants of a graph. */
import { basename, dirname } from 'node:path';
import { constant, stored } from '../graph/index.js';
import type { AdapterShape } from './adapter.js';
import type { LlamaConfig } from './config.js';
import { type EightStore, eightValues } from './eight.js';
import type { WeightValues } from './layers.js';
import { adapterLayoutOf, joinedEntries, layoutOf, type ParameterEntry } from './parameters.js';

/** The weights of a layout, flat: in memory that threads share, or in a file that sessions map. */
export type Frozen = (
  | { readonly memory: SharedArrayBuffer; readonly file?: undefined }
  | { readonly file: string }
) & {
  /** The matrices in 8 bits too, in the same folder or in memory: these are computed with then. */
  readonly eight?: EightStore;
};

/** An adapter whose weights are frozen; those of its model are in the same folder, or in memory too. */
export type FrozenAdapter = AdapterShape & { readonly frozen: Frozen };

/** The weights by name, of queries, keys and values both each and together, and those of an adapter beside them. */
export function frozenValues(
  config: LlamaConfig,
  frozen: Frozen,
  adapter?: FrozenAdapter,
): WeightValues {
  const layout = layoutOf(config);
  return new Map([
    ...(frozen.eight ? eightValues(config, frozen.eight) : []),
    ...constants([...layout.entries, ...joinedEntries(layout)], frozen),
    ...(adapter ? constants(adapterLayoutOf(config, adapter).entries, adapter.frozen) : []),
  ]);
}

/** The folder that a graph of such weights is compiled beside. */
export const storeOf = ({ file }: Frozen): string | undefined =>
  file === undefined ? undefined : dirname(file);

function constants(entries: readonly ParameterEntry[], frozen: Frozen) {
  const flat = frozen.file === undefined ? new Float32Array(frozen.memory) : undefined;
  return entries.map(({ name, shape, start, end }) => {
    const value = flat
      ? constant(flat.subarray(start, end), shape)
      : stored(basename(frozen.file!), 4 * start, shape);
    return [name, value] as const;
  });
}

/** Weights that stay as they are, as constants of a graph, and an adapter beside them, as inputs. */
import { constant, input, stored, type Value } from '../graph/index.js';
import { type AdapterShape, adapterShapes } from './adapter.js';
import type { LlamaConfig } from './config.js';
import type { WeightValues } from './layers.js';
import { joinedEntries, layoutOf } from './parameters.js';

/** All weights of a model, flat in the order of `layoutOf`: in memory that threads share, or in a file that sessions map. */
export type Frozen =
  | { readonly memory: SharedArrayBuffer; readonly file?: undefined }
  | { readonly file: string };

/** The weights by name, of queries, keys and values both each and together. */
export function frozenValues(config: LlamaConfig, frozen: Frozen): WeightValues {
  const layout = layoutOf(config);
  const flat = frozen.file === undefined ? new Float32Array(frozen.memory) : undefined;
  return new Map(
    [...layout.entries, ...joinedEntries(layout)].map(({ name, shape, start, end }) => [
      name,
      flat ? constant(flat.subarray(start, end), shape) : stored(start, shape),
    ]),
  );
}

/** An adapter's tensors as inputs of a graph, so that adapters of one shape have one graph. */
export const adapterValues = (config: LlamaConfig, shape: AdapterShape): [string, Value][] =>
  adapterShapes(config, shape).map(([name, size]) => [name, input(name, 'float32', size)]);

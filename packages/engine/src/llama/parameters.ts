/** All weights of a model side by side in one flat vector, so that one optimiser, one copy and one file serve them all. */
import { EngineError } from '../error.js';
import { type AdapterShape, adapterShapes } from './adapter.js';
import type { LlamaConfig } from './config.js';
import { joinedModule } from './layers.js';
import { type Tensor, type Weights, weightShapes } from './weights.js';

/** A part of the flat vector. */
export interface ParameterEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface ParameterLayout {
  readonly entries: readonly ParameterEntry[];
  readonly size: number;
}

/**
 * The layout's entries with queries, keys and values of each layer together: their weights as one matrix, and their biases
 * as one vector, which they are in the flat vector.
 */
export function joinedEntries({ entries }: ParameterLayout): readonly ParameterEntry[] {
  return entries.flatMap((entry, i) => {
    const [, layer, name, kind] =
      /^model\.layers\.(\d+)\.self_attn\.([qkv])_proj\.(weight|bias)$/.exec(entry.name) ?? [];
    if (name === undefined) return [entry];
    if (name !== 'q') return [];
    const parts = entries.slice(i, i + 3);
    const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
    return [
      {
        name: `${joinedModule(Number(layer))}.${kind}`,
        shape: [rows, ...entry.shape.slice(1)],
        start: entry.start,
        end: parts.at(-1)!.end,
      },
    ];
  });
}

/** What the training graph learns of a model: head by head where norms come between. */
export const trainedEntries = (config: LlamaConfig): readonly ParameterEntry[] =>
  config.headNorms ? layoutOf(config).entries : joinedEntries(layoutOf(config));

/** The layout of a model's weights. */
export const layoutOf = (config: LlamaConfig): ParameterLayout => layout(weightShapes(config));

/** The layout of an adapter's weights. */
export const adapterLayoutOf = (config: LlamaConfig, adapter: AdapterShape): ParameterLayout =>
  layout(adapterShapes(config, adapter));

function layout(shapes: readonly [name: string, shape: number[]][]): ParameterLayout {
  let start = 0;
  const entries = shapes.map(([name, shape]) => {
    const end = start + shape.reduce((product, dimension) => product * dimension, 1);
    const entry = { name, shape, start, end };
    start = end;
    return entry;
  });
  return { entries, size: start };
}

/** The tensors of a layout, in its order. @throws EngineError `weights` for one that is missing or of another size */
export function* checkedTensors(layout: ParameterLayout, weights: Weights): Generator<Tensor> {
  for (const { name, start, end } of layout.entries) {
    const tensor = weights.get(name);
    if (tensor?.data.length !== end - start) {
      throw new EngineError(
        'weights',
        `weight ${name}: expected ${end - start} values, got ${tensor?.data.length ?? 'none'}`,
      );
    }
    yield tensor;
  }
}

/** Copies the weights into the flat vector `into`. */
export function flatten(layout: ParameterLayout, weights: Weights, into: Float32Array): void {
  let start = 0;
  for (const { data } of checkedTensors(layout, weights)) {
    into.set(data, start);
    start += data.length;
  }
}

/** The weights as copies out of the flat vector. */
export function unflatten(layout: ParameterLayout, flat: Float32Array): Weights {
  return new Map(
    layout.entries.map(({ name, shape, start, end }) => [
      name,
      { shape, data: flat.slice(start, end) },
    ]),
  );
}

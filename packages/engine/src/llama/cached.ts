/**
 * The same Llama for sampling and scoring, with weights that stay as they are, in two graphs: one runs whole sequences and
 * gives their keys and values, one adds a position to each row of a cache.
 *
 * The second reads the cache and gives only the new position's keys and values; the caller writes them into it. An
 * operator that updates the cache as an output costs a copy of the whole cache at each step, here three times the
 * step's own work. Weights `lora_A`, `lora_B` of a module add `adapterScale` B A x to it.
 * Names of sizes: `batch` rows, `time` positions, `capacity` positions of the cache.
 */
import * as g from '../graph/index.js';
import type { LlamaConfig } from './config.js';
import { eightProduct } from './eight.js';
import {
  headModule,
  joinedModule,
  joins,
  linearModules,
  rotaryTables,
  type WeightValues,
  weight,
} from './layers.js';
import { withPicked } from './picked.js';
import { fixedPositions, positionLimit } from './rope.js';

/** Queries, keys and values of a layer, [.., heads * D] each, normalised but not rotated -> [.., H * D] */
type Attention = (query: g.Value, key: g.Value, value: g.Value, layer: number) => g.Value;

/** `RotaryEmbedding` of [batch, time, heads * D]. */
const rotate = (x: g.Value, positions: g.Value, cosine: g.Value, sine: g.Value): g.Value =>
  g.node('RotaryEmbedding', [x, positions, cosine, sine], [x.shape], {
    domain: 'com.microsoft',
  })[0];

/**
 * Inputs: `tokens` int64 [batch, time], padded at the ends; `last` int32 [batch], the index of each row's last
 * position; `total` int32 [1] = time; `picked` int64 [picked], flat indices into batch * time. Where positions depend
 * on a sequence's length: `angles` int64 [batch, time], rows of the inputs `cosine`, `sine` [angles, D/2].
 * Outputs: `logits` [picked, V] and what `withPicked` adds, and `key.N`, `value.N` [batch, kvHeads, time, D] per layer, keys rotated.
 */
export function sequenceGraph(
  config: LlamaConfig,
  weights: WeightValues,
  adapterScale?: number,
): Record<string, g.Value> {
  const { heads, kvHeads, headSize } = config;
  const tokens = g.input('tokens', 'int64', ['batch', 'time']);
  const last = g.input('last', 'int32', ['batch']);
  const total = g.input('total', 'int32', [1]);
  const fixed = fixedPositions(config) === Infinity;
  const table = (name: string) => g.input(name, 'float32', ['angles', headSize / 2]);
  const { cosine, sine } = fixed
    ? rotaryTables(config, config.maxPositions)
    : { cosine: table('cosine'), sine: table('sine') };
  const positions = fixed ? g.integers(0) : g.input('angles', 'int64', ['batch', 'time']);
  const outputs: Record<string, g.Value> = {};
  const shape = ['batch', kvHeads, 'time', headSize];
  const attention: Attention = (query, key, value, layer) => {
    const [mixed, keys, values] = g.node(
      'GroupQueryAttention',
      [
        rotate(query, positions, cosine, sine),
        rotate(key, positions, cosine, sine),
        value,
        undefined,
        undefined,
        last,
        total,
      ],
      [['batch', 'time', heads * headSize], shape, shape],
      {
        domain: 'com.microsoft',
        attributes: { num_heads: BigInt(heads), kv_num_heads: BigInt(kvHeads) },
      },
    );
    outputs[`key.${layer}`] = keys;
    outputs[`value.${layer}`] = values;
    return mixed;
  };
  const picked = g.input('picked', 'int64', ['picked']);
  const pick = (x: g.Value) => {
    const width = g.sizeAt(x, -1);
    const flat = g.node('Reshape', [x, g.integers(-1, Number(width))], [['rows', width]])[0];
    return g.node('Gather', [flat, picked], [['picked', width]])[0];
  };
  const logits = stack(config, weights, tokens, attention, pick, adapterScale);
  return { ...withPicked(logits), ...outputs };
}

/**
 * Inputs: `tokens` int64 [batch, 1]; `positions` int64 [batch, 1]; `mask` float32 [batch, 1, 1, 1, capacity], 0 at the
 * positions that a row has and very negative elsewhere; `key.N`, `value.N` [batch, kvHeads, 1, capacity, D].
 * Outputs: `logits` [batch, 1, V] and what `withPicked` adds, and `newKey.N`, `newValue.N` [batch, 1, kvHeads * D], keys rotated.
 * With `inColumns` weights need not be packed: see `byColumns`, which knows none of 8 bits.
 */
export function stepGraph(
  config: LlamaConfig,
  weights: WeightValues,
  adapterScale?: number,
  inColumns?: boolean,
): Record<string, g.Value> {
  const { heads, kvHeads, headSize } = config;
  // A step's sequence ends with its position.
  const { cosine, sine } = rotaryTables(config, positionLimit(config), (position) => position + 1);
  const groups = heads / kvHeads;
  const positions = g.input('positions', 'int64', ['batch', 1]);
  const mask = g.input('mask', 'float32', ['batch', 1, 1, 1, 'capacity']);
  const outputs: Record<string, g.Value> = {};
  const plain = (
    operator: string,
    shape: readonly g.Dimension[],
    inputs: g.Value[],
    attributes = {},
  ) => g.node(operator, inputs, [shape], { attributes })[0];
  /** One row for each query head, and all of a group against the same keys: products of one row are not packed. */
  const split = (x: g.Value, count: number) =>
    plain(
      'Reshape',
      ['batch', kvHeads, count, 1, headSize],
      [x, g.integers(-1, kvHeads, count, 1, headSize)],
    );
  const scale = g.scalar(1 / Math.sqrt(headSize));
  const attention: Attention = (queries, keys, value, layer) => {
    const key = rotate(keys, positions, cosine, sine);
    outputs[`newKey.${layer}`] = key;
    outputs[`newValue.${layer}`] = value;
    const cached = (name: string) =>
      g.input(`${name}.${layer}`, 'float32', ['batch', kvHeads, 1, 'capacity', headSize]);
    const rotated = rotate(queries, positions, cosine, sine);
    const query = split(plain('Mul', rotated.shape, [rotated, scale]), groups);
    const row = (columns: g.Dimension): g.Dimension[] => ['batch', kvHeads, groups, 1, columns];
    // Scores against the cache and against the position itself, one softmax over both.
    const products = g.node('FusedMatMul', [query, cached('key')], [row('capacity')], {
      domain: 'com.microsoft',
      attributes: { transB: 1n },
    })[0];
    const past = plain('Add', row('capacity'), [products, mask]);
    const own = plain('ReduceSum', row(1), [
      plain('Mul', row(headSize), [query, split(key, 1)]),
      g.integers(-1),
    ]);
    const scores = plain('Concat', row('all'), [past, own], { axis: -1n });
    const shares = plain('Softmax', row('all'), [scores], { axis: -1n });
    const part = (from: g.Value, to: g.Value, size: g.Dimension) =>
      plain('Slice', row(size), [shares, from, to, g.integers(-1)]);
    const end = g.integers(-1);
    const pastShares = part(g.integers(0), end, 'capacity');
    const ownShare = part(end, g.constant(BigInt64Array.of(2n ** 62n), [1]), 1);
    const mixed = plain('Add', row(headSize), [
      plain('MatMul', row(headSize), [pastShares, cached('value')]),
      plain('Mul', row(headSize), [ownShare, split(value, 1)]),
    ]);
    const width = heads * headSize;
    return plain('Reshape', ['batch', 1, width], [mixed, g.integers(-1, 1, width)]);
  };
  const tokens = g.input('tokens', 'int64', ['batch', 1]);
  const all = (x: g.Value) => x;
  const logits = stack(config, weights, tokens, attention, all, adapterScale, inColumns);
  return { ...withPicked(logits), ...outputs };
}

/** A module of some weights: its product with x, biases and an adapter. */
type Linear = (x: g.Value, module: string) => g.Value;

/** Products that ONNX Runtime computes best with weights that it has packed, or for many rows. */
function byRows(weights: WeightValues, adapterScale: number): Linear {
  return (x, module) => {
    let y =
      eightProduct(weights, module, x, false) ?? g.apply(x, weight(weights, `${module}.weight`));
    const bias = weights.get(`${module}.bias`);
    if (bias) y = plus(y, bias);
    const down = weights.get(`${module}.lora_A.weight`);
    if (!down) return y;
    const up = weight(weights, `${module}.lora_B.weight`);
    return plus(y, g.apply(g.apply(x, down), up, adapterScale));
  };
}

/**
 * The same for few rows and weights that are not packed: W x, columns in and out. The second operand of a product is packed
 * each time, here the few columns and not the weights.
 */
function byColumns(weights: WeightValues, adapterScale: number): Linear {
  return (x, module) => {
    const product = (part: string, of: g.Value, alpha = 1) =>
      g.product(weight(weights, `${module}.${part}`), of, { alpha });
    let y = product('weight', x);
    const bias = weights.get(`${module}.bias`);
    if (bias) {
      const column = [...bias.shape, 1];
      y = plus(y, g.node('Unsqueeze', [bias, g.integers(1)], [column])[0]);
    }
    if (!weights.has(`${module}.lora_A.weight`)) return y;
    return plus(y, product('lora_B.weight', product('lora_A.weight', x), adapterScale));
  };
}

const plus = (y: g.Value, more: g.Value) => g.node('Add', [y, more], [y.shape])[0];

/** The layers around an attention, the last one's rest and the head at the positions that `pick` takes. */
function stack(
  config: LlamaConfig,
  weights: WeightValues,
  tokens: g.Value,
  attention: Attention,
  pick: (x: g.Value) => g.Value,
  adapterScale = 1,
  inColumns = false,
): g.Value {
  const { heads, kvHeads, headSize } = config;
  const norm = (x: g.Value, module: string) =>
    g.rmsNorm(x, weight(weights, `${module}.weight`), config.normEpsilon);
  const linear = (inColumns ? byColumns : byRows)(weights, adapterScale);
  /** [.., d] as the modules take it, and back. */
  const enter = (x: g.Value) =>
    inColumns ? g.transpose(g.regroup(x, 'rows', Number(g.sizeAt(x, -1))), [1, 0]) : x;
  const leave = (y: g.Value, like: g.Value) => {
    if (!inColumns) return y;
    const width = Number(g.sizeAt(y, 0));
    const shape = [...like.shape.slice(0, -1), width];
    const sizes = g.integers(-1, ...like.shape.slice(1, -1).map(Number), width);
    return g.node('Reshape', [g.transpose(y, [1, 0]), sizes], [shape])[0];
  };
  /** Each head normalised, where the architecture does that. */
  const normalHeads = (x: g.Value, count: number, module: string) => {
    if (!weights.has(`${module}.weight`)) return x;
    const apart = g.node(
      'Reshape',
      [x, g.integers(0, 0, count, headSize)],
      [[...x.shape.slice(0, -1), count, headSize]],
    )[0];
    return g.node(
      'Reshape',
      [norm(apart, module), g.integers(0, 0, count * headSize)],
      [x.shape],
    )[0];
  };

  const shape = [...tokens.shape, config.hiddenSize];
  let x = g.node('Gather', [weight(weights, 'model.embed_tokens.weight'), tokens], [shape])[0];
  const [width, kvWidth] = [heads * headSize, kvHeads * headSize];
  const split = (qkv: g.Value) =>
    g.node(
      'Split',
      [qkv, g.integers(width, kvWidth, kvWidth)],
      [width, kvWidth, kvWidth].map((size) => [...tokens.shape, size]),
      { attributes: { axis: -1n } },
    ) as [g.Value, g.Value, g.Value];
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const modules = linearModules(layer);
    const normal = norm(x, `${at}.input_layernorm`);
    const entered = enter(normal);
    const [query, key, value] = joins(weights, layer)
      ? split(leave(linear(entered, joinedModule(layer)), normal))
      : [modules.query, modules.key, modules.value].map((module) =>
          leave(linear(entered, module), normal),
        );
    let mixed = attention(
      normalHeads(query!, heads, `${at}.self_attn.q_norm`),
      normalHeads(key!, kvHeads, `${at}.self_attn.k_norm`),
      value!,
      layer,
    );
    // Nothing reads the other positions any more.
    if (layer === config.layers - 1) [mixed, x] = [pick(mixed), pick(x)];
    x = g.add(x, leave(linear(enter(mixed), modules.output), x));
    const inner = enter(norm(x, `${at}.post_attention_layernorm`));
    const gated = g.swiglu(linear(inner, modules.gate), linear(inner, modules.up));
    x = g.add(x, leave(linear(gated, modules.down), x));
  }
  return leave(linear(enter(norm(x, 'model.norm')), headModule(config)), x);
}

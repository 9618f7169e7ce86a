/**
 * The same Llama for sampling and scoring, with weights as constants (ONNX Runtime packs them once), in two graphs:
 * one runs whole sequences and gives their keys and values, one adds a position to each row of a cache.
 *
 * The second reads the cache and gives only the new position's keys and values; the caller writes them into it. An
 * operator that updates the cache as an output costs a copy of the whole cache at each step, here three times the
 * step's own work. Names of sizes: `batch` rows, `time` positions, `capacity` positions of the cache.
 */
import { EngineError } from '../error.js';
import * as g from '../graph/index.js';
import type { LlamaConfig, Weights } from '../hf/index.js';
import { headName, rotaryTables } from './layers.js';

type Attention = (qkv: g.Value, layer: number) => g.Value;

/**
 * Inputs: `tokens` int64 [batch, time], padded at the ends; `last` int32 [batch], the index of each row's last
 * position; `total` int32 [1] = time; `picked` int64 [picked], flat indices into batch * time.
 * Outputs: `logits` [picked, V], and `key.N`, `value.N` [batch, kvHeads, time, D] per layer, keys rotated.
 */
export function sequenceGraph(config: LlamaConfig, weights: Weights): Record<string, g.Value> {
  const { heads, kvHeads, headSize } = config;
  const { cosine, sine } = rotaryTables(config);
  const tokens = g.input('tokens', 'int64', ['batch', 'time']);
  const last = g.input('last', 'int32', ['batch']);
  const total = g.input('total', 'int32', [1]);
  const outputs: Record<string, g.Value> = {};
  const shape = ['batch', kvHeads, 'time', headSize];
  const attention: Attention = (qkv, layer) => {
    const [mixed, key, value] = g.node(
      'GroupQueryAttention',
      [qkv, undefined, undefined, undefined, undefined, last, total, cosine, sine],
      [['batch', 'time', heads * headSize], shape, shape],
      {
        domain: 'com.microsoft',
        attributes: { num_heads: BigInt(heads), kv_num_heads: BigInt(kvHeads), do_rotary: 1n },
      },
    ) as [g.Value, g.Value, g.Value];
    outputs[`key.${layer}`] = key;
    outputs[`value.${layer}`] = value;
    return mixed;
  };
  const picked = g.input('picked', 'int64', ['picked']);
  const logits = stack(config, weights, tokens, attention, (hidden) => {
    const flat = g.node(
      'Reshape',
      [hidden, g.integers(-1, config.hiddenSize)],
      [['rows', config.hiddenSize]],
    )[0]!;
    return g.node('Gather', [flat, picked], [['picked', config.hiddenSize]])[0]!;
  });
  return { logits, ...outputs };
}

/**
 * Inputs: `tokens` int64 [batch, 1]; `positions` int64 [batch, 1]; `mask` float32 [batch, 1, 1, capacity], 0 at the
 * positions that a row has and very negative elsewhere; `key.N`, `value.N` [batch, kvHeads, capacity, D].
 * Outputs: `logits` [batch, 1, V], and `newKey.N`, `newValue.N` [batch, 1, kvHeads * D], keys rotated.
 */
export function stepGraph(config: LlamaConfig, weights: Weights): Record<string, g.Value> {
  const { heads, kvHeads, headSize } = config;
  const { cosine, sine } = rotaryTables(config);
  const groups = heads / kvHeads;
  const sizes = [heads * headSize, kvHeads * headSize, kvHeads * headSize];
  const positions = g.input('positions', 'int64', ['batch', 1]);
  const mask = g.input('mask', 'float32', ['batch', 1, 1, 'capacity']);
  const outputs: Record<string, g.Value> = {};
  const plain = (operator: string, shape: g.Dimension[], inputs: g.Value[], attributes = {}) =>
    g.node(operator, inputs, [shape], { attributes })[0]!;
  const rotate = (x: g.Value) =>
    g.node('RotaryEmbedding', [x, positions, cosine, sine], [x.shape], {
      domain: 'com.microsoft',
    })[0]!;
  const split = (x: g.Value, rows: number) =>
    plain(
      'Reshape',
      ['batch', kvHeads, rows, headSize],
      [x, g.integers(-1, kvHeads, rows, headSize)],
    );
  const attention: Attention = (qkv, layer) => {
    const [q, k, value] = g.node(
      'Split',
      [qkv, g.integers(...sizes)],
      sizes.map((size) => ['batch', 1, size]),
      { attributes: { axis: -1n } },
    ) as [g.Value, g.Value, g.Value];
    const key = rotate(k);
    outputs[`newKey.${layer}`] = key;
    outputs[`newValue.${layer}`] = value;
    const cacheShape = ['batch', kvHeads, 'capacity', headSize];
    const query = split(rotate(q), groups);
    const times = (a: g.Value, b: g.Value, columns: g.Dimension) =>
      g.node('FusedMatMul', [a, b], [['batch', kvHeads, groups, columns]], {
        domain: 'com.microsoft',
        attributes: { transB: 1n, alpha: 1 / Math.sqrt(headSize) },
      })[0]!;
    // Scores against the cache and against the position itself, one softmax over both.
    const past = plain(
      'Add',
      ['batch', kvHeads, groups, 'capacity'],
      [times(query, g.input(`key.${layer}`, 'float32', cacheShape), 'capacity'), mask],
    );
    const own = times(query, split(key, 1), 1);
    const scores = plain('Concat', ['batch', kvHeads, groups, 'all'], [past, own], { axis: -1n });
    const shares = plain('Softmax', ['batch', kvHeads, groups, 'all'], [scores], { axis: -1n });
    const part = (from: g.Value, to: g.Value, size: g.Dimension) =>
      plain('Slice', ['batch', kvHeads, groups, size], [shares, from, to, g.integers(-1)]);
    const end = g.integers(-1);
    const pastShares = part(g.integers(0), end, 'capacity');
    const ownShare = part(end, g.constant(BigInt64Array.of(2n ** 62n), [1]), 1);
    const mixed = plain(
      'Add',
      ['batch', kvHeads, groups, headSize],
      [
        plain(
          'MatMul',
          ['batch', kvHeads, groups, headSize],
          [pastShares, g.input(`value.${layer}`, 'float32', cacheShape)],
        ),
        plain('Mul', ['batch', kvHeads, groups, headSize], [ownShare, split(value, 1)]),
      ],
    );
    return plain('Reshape', ['batch', 1, sizes[0]!], [mixed, g.integers(-1, 1, sizes[0]!)]);
  };
  const tokens = g.input('tokens', 'int64', ['batch', 1]);
  return { logits: stack(config, weights, tokens, attention, (hidden) => hidden), ...outputs };
}

/** The layers around an attention, and the head on the hidden states that `pick` takes. */
function stack(
  config: LlamaConfig,
  weights: Weights,
  tokens: g.Value,
  attention: Attention,
  pick: (hidden: g.Value) => g.Value,
): g.Value {
  const tensor = (name: string) => {
    const found = weights.get(name);
    if (!found) throw new EngineError('weights', `weight ${name} is missing`);
    return found;
  };
  const constant = (name: string) => g.constant(tensor(name).data, tensor(name).shape as number[]);
  const norm = (x: g.Value, name: string) => g.rmsNorm(x, constant(name), config.normEpsilon);
  const linear = (x: g.Value, ...names: string[]) => g.apply(x, transposed(names.map(tensor)));

  const shape = [...tokens.shape, config.hiddenSize];
  let x = g.node('Gather', [constant('model.embed_tokens.weight'), tokens], [shape])[0]!;
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const projections = ['q', 'k', 'v'].map((name) => `${at}.self_attn.${name}_proj.weight`);
    const qkv = linear(norm(x, `${at}.input_layernorm.weight`), ...projections);
    x = g.add(x, linear(attention(qkv, layer), `${at}.self_attn.o_proj.weight`));
    const inner = norm(x, `${at}.post_attention_layernorm.weight`);
    const gated = g.swiglu(
      linear(inner, `${at}.mlp.gate_proj.weight`),
      linear(inner, `${at}.mlp.up_proj.weight`),
    );
    x = g.add(x, linear(gated, `${at}.mlp.down_proj.weight`));
  }
  return linear(norm(pick(x), 'model.norm.weight'), headName(config));
}

/** Weights [out, in] side by side as one constant [in, sum of outs]. */
function transposed(parts: readonly { shape: readonly number[]; data: Float32Array }[]): g.Value {
  const inner = parts[0]!.shape[1]!;
  const outer = parts.reduce((sum, part) => sum + part.shape[0]!, 0);
  const data = new Float32Array(inner * outer);
  let column = 0;
  for (const part of parts) {
    const count = part.shape[0]!;
    for (let o = 0; o < count; o++) {
      for (let i = 0; i < inner; i++) data[i * outer + column + o] = part.data[o * inner + i]!;
    }
    column += count;
  }
  return g.constant(data, [inner, outer]);
}

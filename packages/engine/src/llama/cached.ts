/**
 * The same Llama with a key-value cache, for sampling and scoring: weights are constants (ONNX Runtime packs them
 * once), attention is the GroupQueryAttention operator, which writes the new keys and values into the caller's
 * buffers. Names of sizes: `batch` rows, `time` new positions in each, `picked` rows whose logits are wanted.
 */
import { EngineError } from '../error.js';
import * as g from '../graph/index.js';
import type { LlamaConfig, Weights } from '../hf/index.js';
import { rotaryTables } from './layers.js';

/**
 * Inputs: `tokens` int64 [batch, time]; `last` int32 [batch], the index of each row's last position;
 * `total` int32 [1], the longest row's length; `picked` int64 [picked], flat indices into batch * time;
 * `key.N`, `value.N` [batch, kvHeads, capacity, D] per layer.
 * Outputs: `logits` [picked, V] and `newKey.N`, `newValue.N` like the inputs (give the same buffer to update in place).
 */
export function cachedGraph(config: LlamaConfig, weights: Weights): Record<string, g.Value> {
  const { heads, kvHeads, headSize, hiddenSize, normEpsilon } = config;
  const tables = rotaryTables(config);
  const constant = (name: string) => {
    const tensor = weights.get(name);
    if (!tensor) throw new EngineError('weights', `weight ${name} is missing`);
    return g.constant(tensor.data, tensor.shape as number[]);
  };
  /** x [.., in] -> [.., sum of outs]: the named weights [out, in] side by side, transposed once here. */
  const linear = (x: g.Value, ...names: string[]) => {
    const parts = names.map((name) => weights.get(name)!);
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
    return g.apply(x, g.constant(data, [inner, outer]));
  };
  const norm = (x: g.Value, name: string) => g.rmsNorm(x, constant(name), normEpsilon);

  const tokens = g.input('tokens', 'int64', ['batch', 'time']);
  const last = g.input('last', 'int32', ['batch']);
  const total = g.input('total', 'int32', [1]);
  const picked = g.input('picked', 'int64', ['picked']);
  const outputs: Record<string, g.Value> = {};
  let x = g.node(
    'Gather',
    [constant('model.embed_tokens.weight'), tokens],
    [['batch', 'time', hiddenSize]],
  )[0]!;
  for (let layer = 0; layer < config.layers; layer++) {
    const at = `model.layers.${layer}`;
    const cacheShape = ['batch', kvHeads, 'capacity', headSize];
    const qkv = linear(
      norm(x, `${at}.input_layernorm.weight`),
      `${at}.self_attn.q_proj.weight`,
      `${at}.self_attn.k_proj.weight`,
      `${at}.self_attn.v_proj.weight`,
    );
    const [mixed, newKey, newValue] = g.node(
      'GroupQueryAttention',
      [
        qkv,
        undefined,
        undefined,
        g.input(`key.${layer}`, 'float32', cacheShape),
        g.input(`value.${layer}`, 'float32', cacheShape),
        last,
        total,
        tables.cosine,
        tables.sine,
      ],
      [['batch', 'time', heads * headSize], cacheShape, cacheShape],
      {
        domain: 'com.microsoft',
        attributes: { num_heads: BigInt(heads), kv_num_heads: BigInt(kvHeads), do_rotary: 1n },
      },
    ) as [g.Value, g.Value, g.Value];
    outputs[`newKey.${layer}`] = newKey;
    outputs[`newValue.${layer}`] = newValue;
    x = g.add(x, linear(mixed, `${at}.self_attn.o_proj.weight`));
    const inner = norm(x, `${at}.post_attention_layernorm.weight`);
    const gated = g.swiglu(
      linear(inner, `${at}.mlp.gate_proj.weight`),
      linear(inner, `${at}.mlp.up_proj.weight`),
    );
    x = g.add(x, linear(gated, `${at}.mlp.down_proj.weight`));
  }
  const flat = g.node('Reshape', [x, g.integers(-1, hiddenSize)], [['rows', hiddenSize]])[0]!;
  const chosen = g.node('Gather', [flat, picked], [['picked', hiddenSize]])[0]!;
  const head = config.tieEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';
  return { logits: linear(norm(chosen, 'model.norm.weight'), head), ...outputs };
}

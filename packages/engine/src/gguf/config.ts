/** config.json of an imported model. */
import type { Json } from '../hf/index.js';
import type { RopeScaling } from '../llama/index.js';
import { type Architecture, type Facts, rounded, type Shape } from './facts.js';
import { ropeOf } from './scaling.js';

/** What transformers calls each architecture. */
const families: Record<Architecture, { readonly modelType: string; readonly className: string }> = {
  llama: { modelType: 'llama', className: 'LlamaForCausalLM' },
  qwen2: { modelType: 'qwen2', className: 'Qwen2ForCausalLM' },
  qwen3: { modelType: 'qwen3', className: 'Qwen3ForCausalLM' },
  gemma3: { modelType: 'gemma3_text', className: 'Gemma3ForCausalLM' },
};

/** config.json, in the spellings of transformers before and since version 5; `tokens` are ids of
 * special tokens, `llama3` the scaling that tensors tell. */
export function configJson(facts: Facts, shape: Shape, tokens: Json, llama3?: RopeScaling): Json {
  const { architecture } = shape;
  const { modelType, className } = families[architecture];
  return {
    architectures: [className],
    model_type: modelType,
    torch_dtype: 'float32',
    dtype: 'float32',
    vocab_size: shape.vocabSize,
    hidden_size: shape.hiddenSize,
    intermediate_size: shape.intermediateSize,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.kvHeads,
    head_dim: shape.headSize,
    rms_norm_eps: rounded(facts.number('attention.layer_norm_rms_epsilon', 1e-6)),
    max_position_embeddings: facts.size('context_length'),
    tie_word_embeddings: shape.tied,
    attention_bias: shape.attentionBias,
    attention_dropout: 0,
    initializer_range: 0.02,
    use_cache: true,
    ...(architecture === 'gemma3'
      ? gemmaJson(facts, shape)
      : { ...ropeOf(facts, llama3), hidden_act: 'silu', mlp_bias: shape.mlpBias }),
    ...(architecture.startsWith('qwen') && { use_sliding_window: false }),
    ...tokens,
  };
}

/** What Gemma 3 has beside the rest (Gemma Team 2025): local layers with a window, positions of their own. */
function gemmaJson(facts: Facts, shape: Shape): Json {
  const window =
    facts.get('attention.sliding_window') === undefined
      ? null
      : facts.size('attention.sliding_window');
  const pattern = window === null ? 1 : facts.size('attention.sliding_window_pattern', 6);
  const { rope_theta, rope_scaling, rope_parameters } = ropeOf(facts);
  const local = rounded(facts.number('rope.freq_base_swa', 10_000));
  return {
    rope_theta,
    rope_local_base_freq: local,
    ...(rope_scaling !== undefined && { rope_scaling }),
    rope_parameters: {
      full_attention: rope_parameters,
      sliding_attention: { rope_type: 'default', rope_theta: local },
    },
    sliding_window: window ?? facts.size('context_length'),
    sliding_window_pattern: pattern,
    layer_types: Array.from({ length: shape.layers }, (_, layer) =>
      (layer + 1) % pattern === 0 ? 'full_attention' : 'sliding_attention',
    ),
    // The 27B divides by the width of a head of its hidden size, as llama.cpp knows by its layers.
    query_pre_attn_scalar: shape.layers === 62 ? shape.hiddenSize / shape.heads : shape.headSize,
    hidden_activation: 'gelu_pytorch_tanh',
    final_logit_softcapping: facts.get('final_logit_softcapping') ?? null,
    attn_logit_softcapping: null,
  };
}

/** A checkpoint as one GGUF file, for llama.cpp and what is built on it. */
import { EngineError } from '../error.js';
import type { Checkpoint } from '../hf/index.js';
import { frequencies, type LlamaConfig, type Tensor } from '../llama/index.js';
import { type Entry, type Metadata, writeGguf } from './file.js';
import { vocabularyOf } from './vocabulary.js';

/**
 * Writes config, weights (float32) and tokenizer as a GGUF file that llama.cpp runs with the same logits.
 * Throws `EngineError` "gguf-unsupported" where llama.cpp cannot compute the same: a tokenizer's pattern it does not know,
 * a bias of attention's output, some scalings of rotary positions.
 */
export async function saveGguf(
  path: string,
  checkpoint: Checkpoint,
  name = 'model',
): Promise<void> {
  await writeGguf(path, ggufMetadata(checkpoint, name), ggufTensors(checkpoint));
}

/** The metadata that llama.cpp reads. */
export function ggufMetadata({ config, tokenizer }: Checkpoint, name: string): Metadata {
  const architecture = architectureOf(config);
  if (config.attentionBias === 'qkvo') {
    throw new EngineError(
      'gguf-unsupported',
      "a bias of attention's output: llama.cpp does not compute it; keep the model as a Hugging Face folder",
    );
  }
  const vocabulary = vocabularyOf(tokenizer, config.vocabSize);
  const uint32 = (value: number): Entry => ({ type: 'uint32', value });
  const float32 = (value: number): Entry => ({ type: 'float32', value });
  const string = (value: string): Entry => ({ type: 'string', value });
  const sizes: Record<string, Entry> = {
    vocab_size: uint32(config.vocabSize),
    context_length: uint32(config.maxPositions),
    embedding_length: uint32(config.hiddenSize),
    block_count: uint32(config.layers),
    feed_forward_length: uint32(config.intermediateSize),
    'attention.head_count': uint32(config.heads),
    'attention.head_count_kv': uint32(config.kvHeads),
    'attention.key_length': uint32(config.headSize),
    'attention.value_length': uint32(config.headSize),
    'attention.layer_norm_rms_epsilon': float32(config.normEpsilon),
    'rope.dimension_count': uint32(config.headSize),
    'rope.freq_base': float32(config.ropeTheta),
    ...ropeMetadata(config, architecture),
  };
  const token = (key: string, id: number | undefined) =>
    id === undefined ? {} : { [`tokenizer.ggml.${key}_token_id`]: uint32(id) };
  return {
    'general.architecture': string(architecture),
    'general.name': string(name),
    'general.file_type': uint32(0),
    ...Object.fromEntries(
      Object.entries(sizes).map(([key, entry]) => [`${architecture}.${key}`, entry]),
    ),
    'tokenizer.ggml.model': string('gpt2'),
    'tokenizer.ggml.pre': string(vocabulary.pre),
    'tokenizer.ggml.tokens': { type: 'strings', value: vocabulary.tokens },
    'tokenizer.ggml.token_type': { type: 'int32s', value: vocabulary.types },
    'tokenizer.ggml.merges': { type: 'strings', value: vocabulary.merges },
    ...token('bos', config.bosToken),
    ...token('eos', config.eosToken),
    ...token('padding', config.padToken),
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: vocabulary.addBos },
    'tokenizer.ggml.add_eos_token': { type: 'bool', value: false },
  };
}

function architectureOf(config: LlamaConfig): 'llama' | 'qwen2' | 'qwen3' {
  if (config.headNorms) return 'qwen3';
  return config.attentionBias === 'qkv' ? 'qwen2' : 'llama';
}

function ropeMetadata(config: LlamaConfig, architecture: string): Record<string, Entry> {
  const scaling = config.ropeScaling;
  const float32 = (value: number): Entry => ({ type: 'float32', value });
  const refuse = (what: string) =>
    new EngineError(
      'gguf-unsupported',
      `${what} positions of a ${architecture} model: llama.cpp does not compute them as this engine does; keep the model as a Hugging Face folder`,
    );
  switch (scaling?.type) {
    case undefined:
    // Within the context length, which llama.cpp is told, nothing is scaled.
    case 'dynamic':
      return {};
    case 'llama3':
      // A tensor of divisors, below.
      if (architecture !== 'llama') throw refuse('llama3');
      return {};
    case 'linear':
      return {
        'rope.scaling.type': { type: 'string', value: 'linear' },
        'rope.scaling.factor': float32(scaling.factor),
      };
    case 'yarn':
      if (!scaling.truncate) throw refuse('yarn (truncate false)');
      return {
        'rope.scaling.type': { type: 'string', value: 'yarn' },
        'rope.scaling.factor': float32(scaling.factor),
        'rope.scaling.original_context_length': {
          type: 'uint32',
          value: scaling.originalPositions,
        },
        // llama.cpp multiplies by YaRN's own factor.
        'rope.scaling.attn_factor': float32(
          scaling.attentionFactor / (0.1 * Math.log(Math.max(1, scaling.factor)) + 1),
        ),
        'rope.scaling.yarn_beta_fast': float32(scaling.betaFast),
        'rope.scaling.yarn_beta_slow': float32(scaling.betaSlow),
      };
    case 'longrope':
      // llama.cpp chooses between the two lists by the context's size, not by the text's length.
      throw refuse('longrope');
  }
}

/** Tensors by llama.cpp's names. */
export function ggufTensors({ config, weights }: Checkpoint): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  const permuted = architectureOf(config) === 'llama';
  if (config.ropeScaling?.type === 'llama3') {
    const { ropeScaling: _, ...plain } = config;
    const scaled = frequencies(config, config.maxPositions);
    const data = frequencies(plain, config.maxPositions).map((value, i) => value / scaled[i]!);
    tensors.set('rope_freqs.weight', { shape: [data.length], data });
  }
  for (const [name, tensor] of weights) {
    const heads = /\.q_proj\./.test(name) ? config.heads : config.kvHeads;
    const rotated = permuted && /\.[qk]_proj\./.test(name);
    tensors.set(ggufName(name), rotated ? interleaved(tensor, heads) : tensor);
  }
  return tensors;
}

const modules = new Map([
  ['model.embed_tokens', 'token_embd'],
  ['model.norm', 'output_norm'],
  ['lm_head', 'output'],
  ['input_layernorm', 'attn_norm'],
  ['self_attn.q_proj', 'attn_q'],
  ['self_attn.k_proj', 'attn_k'],
  ['self_attn.v_proj', 'attn_v'],
  ['self_attn.o_proj', 'attn_output'],
  ['self_attn.q_norm', 'attn_q_norm'],
  ['self_attn.k_norm', 'attn_k_norm'],
  ['post_attention_layernorm', 'ffn_norm'],
  ['mlp.gate_proj', 'ffn_gate'],
  ['mlp.up_proj', 'ffn_up'],
  ['mlp.down_proj', 'ffn_down'],
]);

function ggufName(name: string): string {
  const [, layer, module = name, kind] =
    /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name) ?? [];
  const known = modules.get(module);
  if (known === undefined) {
    throw new EngineError(
      'gguf-unsupported',
      `the tensor ${name}: llama.cpp has none like it; keep the model as a Hugging Face folder`,
    );
  }
  return `${layer === undefined ? '' : `blk.${layer}.`}${known}.${kind}`;
}

/**
 * Rows of queries or keys in llama.cpp's order for this architecture: it turns neighbouring numbers of a head, Hugging
 * Face's layout those half a head apart. Row 2j of a head comes from row j, row 2j + 1 from row j + D/2.
 */
function interleaved({ shape, data }: Tensor, heads: number): Tensor {
  const [, width = 1] = shape;
  const half = data.length / width / heads / 2;
  const turned = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let i = 0; i < 2 * half; i++) {
      const from = (head * 2 * half + (i % 2) * half + (i >> 1)) * width;
      turned.set(data.subarray(from, from + width), (head * 2 * half + i) * width);
    }
  }
  return { shape, data: turned };
}

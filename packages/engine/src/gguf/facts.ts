/** What a GGUF file says of its model: values of the metadata with errors that name the file, and the model's sizes. */
import { EngineError } from '../error.js';
import type { LlamaConfig } from '../llama/index.js';
import type { GgufFile, MetadataValue } from './read.js';

export type Architecture = 'llama' | 'qwen2' | 'qwen3' | 'gemma3';

const architectures: readonly Architecture[] = ['llama', 'qwen2', 'qwen3', 'gemma3'];

/** Keys behind the architecture's name that are understood; any other could change what the model computes. */
const known = new Set([
  'vocab_size',
  'context_length',
  'embedding_length',
  'block_count',
  'feed_forward_length',
  'attention.head_count',
  'attention.head_count_kv',
  'attention.key_length',
  'attention.value_length',
  'attention.layer_norm_rms_epsilon',
  'attention.sliding_window',
  'attention.sliding_window_pattern',
  'attention.causal',
  'final_logit_softcapping',
  'rope.dimension_count',
  'rope.freq_base',
  'rope.freq_base_swa',
  'rope.scaling.type',
  'rope.scaling.factor',
  'rope.scaling.original_context_length',
  'rope.scaling.finetuned',
  'rope.scaling.attn_factor',
  'rope.scaling.yarn_attn_factor',
  'rope.scaling.yarn_beta_fast',
  'rope.scaling.yarn_beta_slow',
]);
/** Keys that mean something for Gemma 3 alone. */
const gemmaOnly = [
  'attention.sliding_window',
  'attention.sliding_window_pattern',
  'rope.freq_base_swa',
  'final_logit_softcapping',
];

/** A model's sizes, as both config.json and the tensors need them. */
export interface Shape
  extends Pick<
    LlamaConfig,
    'vocabSize' | 'hiddenSize' | 'intermediateSize' | 'layers' | 'heads' | 'kvHeads' | 'headSize'
  > {
  readonly architecture: Architecture;
  readonly tied: boolean;
  /** Of queries, keys, values and output. */
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
}

/** Reads values of one file, with errors that name it. */
export class Facts {
  readonly file: GgufFile;
  readonly architecture: Architecture;

  /** Throws `EngineError` "gguf-unsupported" for an architecture that is not imported. */
  constructor(file: GgufFile) {
    this.file = file;
    const given = file.metadata.get('general.architecture');
    const name = architectures.find((one) => one === given);
    if (name === undefined) {
      throw this.unsupported(
        `general.architecture is ${shown(given)}, imported are ${architectures.join(', ')}`,
      );
    }
    this.architecture = name;
    for (const [key, value] of file.metadata) {
      if (!key.startsWith(`${name}.`) || value === 0 || value === false) continue;
      const rest = key.slice(name.length + 1);
      const foreign = name !== 'gemma3' && gemmaOnly.includes(rest);
      if (!known.has(rest) || foreign) {
        throw this.unsupported(`${key} is ${shown(value)}, which is not imported for ${name}`);
      }
    }
    if (this.get('attention.causal') === false) {
      throw this.unsupported(`${name}.attention.causal is false: this is no language model`);
    }
  }

  get(key: string): MetadataValue | undefined {
    return this.file.metadata.get(`${this.architecture}.${key}`);
  }

  /** A number above 0; throws `EngineError` "gguf-invalid". */
  number(key: string, fallback?: number): number {
    const given = this.get(key);
    // Some writers say the same for each layer.
    const same = Array.isArray(given) && given.length > 0 && given.every((one) => one === given[0]);
    const value = (same ? given[0] : given) ?? fallback;
    if (typeof value !== 'number' || !(value > 0) || !Number.isFinite(value)) {
      throw this.invalid(`${this.architecture}.${key}`, 'a number above 0', shown(given));
    }
    return value;
  }

  size(key: string, fallback?: number): number {
    const value = this.number(key, fallback);
    if (!Number.isSafeInteger(value)) {
      throw this.invalid(`${this.architecture}.${key}`, 'a whole number', shown(value));
    }
    return value;
  }

  invalid(what: string, expected: string, found: string): EngineError {
    return new EngineError(
      'gguf-invalid',
      `${this.file.path}: expected ${what} as ${expected}, found ${found}; convert the model again`,
    );
  }

  unsupported(what: string): EngineError {
    return new EngineError(
      'gguf-unsupported',
      `${this.file.path}: ${what}; import a Llama, Qwen2, Qwen3 or Gemma 3 file that llama.cpp's converter wrote`,
    );
  }
}

/** The sizes in the metadata; the tensors are compared with them later. */
export function shapeOf(facts: Facts): Shape {
  const { architecture, file } = facts;
  const heads = facts.size('attention.head_count');
  const hiddenSize = facts.size('embedding_length');
  const rotated =
    facts.get('rope.dimension_count') === undefined
      ? undefined
      : facts.size('rope.dimension_count');
  const headSize = facts.size('attention.key_length', rotated ?? hiddenSize / heads);
  const valueSize = facts.size('attention.value_length', headSize);
  if (valueSize !== headSize || (rotated ?? headSize) !== headSize) {
    throw facts.unsupported(
      `keys of ${headSize} numbers, values of ${valueSize}, ${rotated ?? headSize} of them rotated: expected all alike`,
    );
  }
  const vocabulary = file.tensors.get('token_embd.weight')?.shape[0];
  if (vocabulary === undefined) {
    throw facts.invalid('token_embd.weight', 'a tensor', 'none');
  }
  const has = (name: string) => file.tensors.has(`blk.0.${name}.bias`);
  return {
    architecture,
    vocabSize: vocabulary,
    hiddenSize,
    intermediateSize: facts.size('feed_forward_length'),
    layers: facts.size('block_count'),
    heads,
    kvHeads: facts.size('attention.head_count_kv', heads),
    headSize,
    tied: !file.tensors.has('output.weight'),
    attentionBias: has('attn_output'),
    mlpBias: has('ffn_down'),
  };
}

/** A float32 as the decimal that was meant: 1e-5, not 0.000009999999747378752. */
export function rounded(value: number): number {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'none').slice(0, 100);

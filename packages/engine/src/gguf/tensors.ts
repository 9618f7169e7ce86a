/** The tensors of an imported model by Hugging Face's names, as they are there: the way back of `ggufTensors` in save.ts. */
import { EngineError } from '../error.js';
import type { TensorSource } from '../hf/index.js';
import type { Shape } from './facts.js';
import type { GgufFile, TensorEntry } from './read.js';

/** A tensor of config.json's model, where it is in the file, and what is done to it on the way. */
interface Wanted {
  readonly name: string;
  readonly from: string;
  readonly shape: readonly number[];
  /** Whether it is heads whose rows llama.cpp keeps with the pairs side by side that are turned together. */
  readonly interleaved?: true;
  /** llama.cpp adds 1 to Gemma's norms, which Hugging Face adds when it computes. */
  readonly lessOne?: true;
}

/** What llama.cpp divides frequencies by: a part of the config, and of this architecture's models alone. */
export const divisorsName = 'rope_freqs.weight';

/**
 * Every tensor of the model, in the order of its layers. Throws `EngineError` "tensor-missing", "tensor-misshapen" or
 * "tensor-unexpected", naming it.
 */
export function tensorSources(file: GgufFile, shape: Shape): TensorSource[] {
  const sources: TensorSource[] = [];
  const used = new Set<string>();
  for (const wanted of eachWanted(shape)) {
    const entry = entryOf(file, wanted.from, wanted.shape);
    used.add(wanted.from);
    sources.push({
      name: wanted.name,
      shape: wanted.shape,
      pieces: () => changed(file, entry, wanted, shape),
    });
  }
  if (shape.architecture === 'llama' && file.tensors.has(divisorsName)) {
    entryOf(file, divisorsName, [shape.headSize / 2]);
    used.add(divisorsName);
  }
  for (const [name, { type }] of file.tensors) {
    if (used.has(name)) continue;
    throw new EngineError(
      'tensor-unexpected',
      `${file.path}: found ${JSON.stringify(name.slice(0, 100))} (${type.name}), which a ${shape.architecture} model of this metadata does not have; import a file that llama.cpp's converter wrote`,
    );
  }
  return sources;
}

/** The tensor of a name, which must have this shape. */
function entryOf(file: GgufFile, name: string, shape: readonly number[]): TensorEntry {
  const entry = file.tensors.get(name);
  if (entry?.shape.join() === shape.join()) return entry;
  throw new EngineError(
    entry ? 'tensor-misshapen' : 'tensor-missing',
    `${file.path}: expected ${name} of shape [${shape}], found ${entry ? `[${entry.shape}]` : 'no such tensor'}; metadata and tensors disagree, convert the model again`,
  );
}

async function* changed(
  file: GgufFile,
  entry: TensorEntry,
  { interleaved, lessOne }: Wanted,
  { headSize }: Shape,
): AsyncIterable<Float32Array<ArrayBuffer>> {
  const width = entry.shape.length > 1 ? entry.shape.at(-1)! : 1;
  // A piece has whole heads: of a vector all its numbers, of a matrix rows.
  const unit = interleaved && entry.shape.length > 1 ? headSize : 1;
  for await (const piece of file.pieces(entry, unit)) {
    if (lessOne) for (let i = 0; i < piece.length; i++) piece[i]! -= 1;
    yield interleaved ? apart(piece, headSize, width) : piece;
  }
}

/** Rows of heads in Hugging Face's order: row j of a head comes from row 2j, row j + D/2 from row 2j + 1. */
function apart(
  data: Float32Array<ArrayBuffer>,
  headSize: number,
  width: number,
): Float32Array<ArrayBuffer> {
  const turned = new Float32Array(data.length);
  const half = headSize / 2;
  for (let row = 0; row < data.length / width; row++) {
    const [head, i] = [Math.floor(row / headSize), row % headSize];
    const from = (head * headSize + (i % half) * 2 + Math.floor(i / half)) * width;
    turned.set(data.subarray(from, from + width), row * width);
  }
  return turned;
}

function* eachWanted(shape: Shape): Generator<Wanted> {
  const { architecture, hiddenSize, intermediateSize, vocabSize, headSize } = shape;
  const gemma = architecture === 'gemma3';
  const norms = gemma ? ({ lessOne: true } as const) : {};
  const queries = shape.heads * headSize;
  const keys = shape.kvHeads * headSize;
  yield {
    name: 'model.embed_tokens.weight',
    from: 'token_embd.weight',
    shape: [vocabSize, hiddenSize],
  };
  for (let layer = 0; layer < shape.layers; layer++) {
    const of = (
      module: string,
      from: string,
      size: readonly number[],
      more: Partial<Wanted> = {},
      kind = 'weight',
    ): Wanted => ({
      name: `model.layers.${layer}.${module}.${kind}`,
      from: `blk.${layer}.${from}.${kind}`,
      shape: size,
      ...more,
    });
    yield of('input_layernorm', 'attn_norm', [hiddenSize], norms);
    const attention: [string, string, number, number, Partial<Wanted>][] = [
      ['q_proj', 'attn_q', queries, hiddenSize, turned(shape)],
      ['k_proj', 'attn_k', keys, hiddenSize, turned(shape)],
      ['v_proj', 'attn_v', keys, hiddenSize, {}],
      ['o_proj', 'attn_output', hiddenSize, queries, {}],
    ];
    for (const [module, from, out, inner, more] of attention) {
      yield of(`self_attn.${module}`, from, [out, inner], more);
      const biased = architecture === 'qwen2' ? module !== 'o_proj' : shape.attentionBias;
      if (biased) yield of(`self_attn.${module}`, from, [out], more, 'bias');
    }
    if (architecture === 'qwen3' || gemma) {
      yield of('self_attn.q_norm', 'attn_q_norm', [headSize], norms);
      yield of('self_attn.k_norm', 'attn_k_norm', [headSize], norms);
    }
    if (gemma) {
      yield of('post_attention_layernorm', 'post_attention_norm', [hiddenSize], norms);
      yield of('pre_feedforward_layernorm', 'ffn_norm', [hiddenSize], norms);
      yield of('post_feedforward_layernorm', 'post_ffw_norm', [hiddenSize], norms);
    } else {
      yield of('post_attention_layernorm', 'ffn_norm', [hiddenSize]);
    }
    const mlp: [string, string, number, number][] = [
      ['gate_proj', 'ffn_gate', intermediateSize, hiddenSize],
      ['up_proj', 'ffn_up', intermediateSize, hiddenSize],
      ['down_proj', 'ffn_down', hiddenSize, intermediateSize],
    ];
    for (const [module, from, out, inner] of mlp) {
      yield of(`mlp.${module}`, from, [out, inner]);
      if (shape.mlpBias) yield of(`mlp.${module}`, from, [out], {}, 'bias');
    }
  }
  yield { name: 'model.norm.weight', from: 'output_norm.weight', shape: [hiddenSize], ...norms };
  if (!shape.tied) {
    yield { name: 'lm_head.weight', from: 'output.weight', shape: [vocabSize, hiddenSize] };
  }
}

/** llama.cpp's converter turns the rows of queries and keys for this architecture alone. */
const turned = ({ architecture }: Shape): Partial<Wanted> =>
  architecture === 'llama' ? { interleaved: true } : {};

/** A GGUF file that llama.cpp's converter wrote, as a Hugging Face folder, tensor by tensor. */
import {
  type Checkpoint,
  configFromJson,
  type Json,
  product,
  saveFolder,
  type TensorSource,
} from '../hf/index.js';
import type { Tensor, Weights } from '../llama/index.js';
import { configJson } from './config.js';
import { Facts, type Shape, shapeOf } from './facts.js';
import { type GgufFile, openGguf } from './read.js';
import { llama3Scaling } from './scaling.js';
import { divisorsName, tensorSources } from './tensors.js';
import { type ImportedTokenizer, tokenizerOf } from './tokenizer.js';

/** What was imported. */
export interface Imported {
  readonly architecture: string;
  readonly tensors: number;
  readonly parameters: number;
  /** Of model.safetensors. */
  readonly bytes: number;
  /** How many tensors are of each type. */
  readonly types: Readonly<Record<string, number>>;
  /** Whether config.json is of a model that this engine runs. */
  readonly runs: boolean;
}

export interface ImportOptions {
  /** Told of the numbers written so far and of all. */
  readonly onProgress?: (done: number, all: number) => void;
  /** Stops between two pieces; nothing is left then. */
  readonly signal?: AbortSignal;
}

/**
 * Writes config, weights (float32) and tokenizer of a Llama, Qwen2, Qwen3 or Gemma 3 file as a folder that transformers
 * loads with the same logits: whole or not at all, in the place of a model that is there. A few MB are in memory at a time.
 * Throws `EngineError` "gguf-unreadable", "file-kind", "gguf-invalid", "gguf-unsupported", "tensor-missing",
 * "tensor-misshapen", "tensor-unexpected", "tokenizer-invalid", "tokenizer-unsupported", or "checkpoint-occupied".
 */
export async function importGguf(
  path: string,
  dir: string,
  options: ImportOptions = {},
): Promise<Imported> {
  const { onProgress, signal } = options;
  const file = await openGguf(path);
  try {
    const { shape, sources, config, vocabulary } = await readModel(file);
    const all = sources.reduce((sum, source) => sum + product(source.shape), 0);
    let done = 0;
    const watched = sources.map((source) => ({
      ...source,
      pieces: async function* () {
        for await (const piece of source.pieces()) {
          signal?.throwIfAborted();
          yield piece;
          done += piece.length;
          onProgress?.(done, all);
        }
      },
    }));
    await saveFolder(dir, {
      config,
      generation: vocabulary.tokens,
      tokenizer: vocabulary.tokenizer,
      tokenizerConfig: {
        model_max_length: config.max_position_embeddings,
        ...vocabulary.tokenizerConfig,
      },
      tensors: watched,
    });
    const types: Record<string, number> = {};
    for (const { type } of file.tensors.values()) types[type.name] = (types[type.name] ?? 0) + 1;
    return {
      architecture: shape.architecture,
      tensors: sources.length,
      parameters: all,
      bytes: 4 * all,
      types,
      runs: runs(config),
    };
  } finally {
    await file.close();
  }
}

/** Reads a Llama, Qwen2 or Qwen3 file into memory, as float32; throws as `importGguf`, "config-unsupported" and "config-invalid". */
export async function loadGguf(path: string): Promise<Checkpoint> {
  const file = await openGguf(path);
  try {
    const { sources, config, vocabulary } = await readModel(file);
    const read = configFromJson(config);
    const weights: Weights = new Map();
    for (const source of sources) weights.set(source.name, await whole(source));
    return { config: read, weights, tokenizer: vocabulary.tokenizer };
  } finally {
    await file.close();
  }
}

async function readModel(file: GgufFile): Promise<{
  shape: Shape;
  sources: TensorSource[];
  config: Json;
  vocabulary: ImportedTokenizer;
}> {
  const facts = new Facts(file);
  const shape = shapeOf(facts);
  // First, since it bounds what the metadata claim, and checks the tensor below.
  const sources = tensorSources(file, shape);
  const vocabulary = tokenizerOf(file, shape.vocabSize);
  const divisors = file.tensors.get(divisorsName);
  const rope = { headSize: shape.headSize, ropeTheta: facts.number('rope.freq_base', 10_000) };
  const llama3 =
    divisors &&
    llama3Scaling(
      file.path,
      (await whole({ ...divisors, pieces: () => file.pieces(divisors, 1) })).data,
      {
        ...rope,
        maxPositions: facts.size('context_length'),
      },
    );
  return {
    shape,
    sources,
    config: configJson(facts, shape, vocabulary.tokens, llama3),
    vocabulary,
  };
}

async function whole({ shape, pieces }: Pick<TensorSource, 'shape' | 'pieces'>): Promise<Tensor> {
  const data = new Float32Array(product(shape));
  let at = 0;
  for await (const piece of pieces()) {
    data.set(piece, at);
    at += piece.length;
  }
  return { shape, data };
}

function runs(config: Json): boolean {
  try {
    configFromJson(config);
    return true;
  } catch {
    return false;
  }
}

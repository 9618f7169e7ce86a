// A model as a Hugging Face folder: config.json, model.safetensors, tokenizer.json and the two small files that
// transformers wants beside them.

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { EngineError } from '../error.js';
import { readWhole, refuseOccupied } from '../files.js';
import {
  type Adapter,
  eachWeight,
  type LlamaConfig,
  type ModelWeights,
  type Tensor,
  type Weights,
} from '../llama/index.js';
import { configFromJson, configToJson, eosToJson } from './config.js';
import { type Json, readJson } from './json.js';
import { readSafetensors, type TensorSource, writeSafetensorsFrom } from './safetensors.js';
import { openTokenizer, type Tokenizer } from './tokenizer.js';

/** A model with all that is needed to run it. */
export interface Checkpoint extends ModelWeights {
  /** The text of tokenizer.json. */
  readonly tokenizer: string;
}

/**
 * Reads a Hugging Face folder of a Llama, Qwen2 or Qwen3 model (one safetensors file or shards) with its tokenizer.
 * Throws `EngineError` when a file is missing or damaged, the tensors are not those that config.json asks for, or the
 * tokenizer has tokens that the model has not.
 */
export async function loadCheckpoint(dir: string): Promise<Checkpoint> {
  const from = folderOf(dir);
  const model = await loadModel(dir);
  return { ...model, tokenizer: await fittingTokenizer(dir, from, model.config) };
}

/** As `loadCheckpoint`, but the weights are not looked at, and need not be there. */
export async function loadSpelling(dir: string): Promise<Omit<Checkpoint, 'weights'>> {
  const from = folderOf(dir);
  const config = await configIn(from);
  return { config, tokenizer: await fittingTokenizer(dir, from, config) };
}

/** As `loadCheckpoint`, for a folder that may have no tokenizer.json. */
export async function loadModel(dir: string): Promise<ModelWeights> {
  const from = folderOf(dir);
  const config = await configIn(from);
  const single = join(from, 'model.safetensors');
  const tensors = await readSafetensors(existsSync(single) ? single : `${single}.index.json`);
  return { config, weights: checkWeights(dir, config, tensors) };
}

/** The config of a folder, whose errors name it. */
async function configIn(from: string): Promise<LlamaConfig> {
  const json = await readJson(join(from, 'config.json'), 'config-invalid');
  try {
    return configFromJson(json);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, join(from, error.message), { cause: error });
  }
}

/** The tokenizer of a model's folder, which fits the model. */
async function fittingTokenizer(dir: string, from: string, config: LlamaConfig): Promise<string> {
  const tokenizer = await readText(from, 'tokenizer.json');
  checkTokenizer(dir, config, tokenizer);
  return tokenizer;
}

/** The folder, or the one put aside by a save that was killed; throws unless it has a config.json. */
function folderOf(dir: string): string {
  const from = existsSync(dir) ? resolve(dir) : previousOf(dir);
  if (!existsSync(join(from, 'config.json'))) {
    throw new EngineError(
      'checkpoint-missing',
      `${dir}: expected a Hugging Face model folder, found no config.json; check the path`,
    );
  }
  return from;
}

/**
 * Writes a Hugging Face folder, whole or not at all: everything goes to a folder beside `dir`, which then takes its place.
 * Throws `EngineError` "checkpoint-occupied" when `dir` holds something that is not a model.
 */
export async function saveCheckpoint(dir: string, checkpoint: Checkpoint): Promise<void> {
  const { config, tokenizer } = checkpoint;
  const weights = checkWeights(dir, config, checkpoint.weights);
  checkTokenizer(dir, config, tokenizer);
  await saveFolder(dir, {
    config: configToJson(config),
    generation: generationJson(config),
    tokenizer,
    tokenizerConfig: tokenizerJson(config, tokenizer),
    tensors: Array.from(weights, ([name, { shape, data }]) => ({
      name,
      shape,
      pieces: () => [data],
    })),
  });
}

/** The files of a Hugging Face folder before they are written. */
export interface Folder {
  readonly config: Json;
  readonly generation: Json;
  /** The text of tokenizer.json. */
  readonly tokenizer: string;
  readonly tokenizerConfig: Json;
  readonly tensors: readonly TensorSource[];
}

/** As `saveCheckpoint`, of any model: what fails on the way, tensors that do not come among it, leaves all as it was. */
export async function saveFolder(dir: string, folder: Folder): Promise<void> {
  const target = resolve(dir);
  const previous = previousOf(dir);
  const saving = `${target}.saving`;
  if (!existsSync(target) && existsSync(previous)) await rename(previous, target);
  await refuseOccupied(dir, 'config.json', 'a model');

  await rm(saving, { recursive: true, force: true });
  await mkdir(saving, { recursive: true });
  try {
    await writeJson(saving, 'config.json', folder.config);
    await writeJson(saving, 'generation_config.json', folder.generation);
    await writeJson(saving, 'tokenizer_config.json', folder.tokenizerConfig);
    await writeFile(join(saving, 'tokenizer.json'), folder.tokenizer);
    await writeSafetensorsFrom(join(saving, 'model.safetensors'), folder.tensors);
  } catch (error) {
    await rm(saving, { recursive: true, force: true });
    throw error;
  }

  // A process killed between these lines leaves the old model at `previous`, where loading and saving look for it.
  await rm(previous, { recursive: true, force: true });
  if (existsSync(target)) await rename(target, previous);
  await rename(saving, target);
  await rm(previous, { recursive: true, force: true });
}

/**
 * The SHA-256 (hex) over the configuration and every weight's bytes, and those of an adapter beside them: the name of a model
 * in records made with it.
 */
export function fingerprint(checkpoint: Checkpoint, adapter?: Adapter): string {
  const hash = createHash('sha256').update(JSON.stringify(configToJson(checkpoint.config)));
  const weights = checkWeights('fingerprint', checkpoint.config, checkpoint.weights);
  for (const [name, { data }] of weights) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  if (adapter) hash.update(`${adapter.alpha}`);
  for (const [name, { data }] of adapter?.weights ?? []) {
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex');
}

/** The tokenizer of a folder, whose errors name it. */
function tokenizerIn(where: string, tokenizer: string): Tokenizer {
  try {
    return openTokenizer(tokenizer);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const said = error.message.replace(/^tokenizer\.json: /, '');
    throw new EngineError(error.code, `${join(where, 'tokenizer.json')}: ${said}`, {
      cause: error,
    });
  }
}

/** Every token that texts can become must have a row in the embedding, which may have more. */
function checkTokenizer(where: string, config: LlamaConfig, tokenizer: string): void {
  const { size } = tokenizerIn(where, tokenizer);
  if (size <= config.vocabSize) return;
  throw new EngineError(
    'tokenizer-misfit',
    `${where}: tokenizer.json has ${size} tokens, the model of config.json only ${config.vocabSize}; use the tokenizer that the model was trained with`,
  );
}

/** The model's tensors in the order of `weightShapes`; each must be there with its shape, and no other may be. */
function checkWeights(
  where: string,
  config: LlamaConfig,
  tensors: ReadonlyMap<string, Tensor>,
): Weights {
  const weights: Weights = new Map();
  for (const [name, shape] of eachWeight(config)) {
    const tensor = tensors.get(name);
    if (tensor === undefined) {
      throw new EngineError(
        'tensor-missing',
        `${where}: expected ${name} of shape [${shape}], found no such tensor; config.json and weights disagree`,
      );
    }
    if (tensor.shape.join() !== shape.join()) {
      throw new EngineError(
        'tensor-misshapen',
        `${where}: expected ${name} of shape [${shape}], found [${tensor.shape}]; config.json and weights disagree`,
      );
    }
    weights.set(name, tensor);
  }
  for (const [name, tensor] of tensors) {
    if (weights.has(name)) continue;
    if (name === headName && config.tieEmbeddings) {
      checkTied(where, weights, tensor);
    } else if (!name.endsWith('.rotary_emb.inv_freq')) {
      throw new EngineError(
        'tensor-unexpected',
        `${where}: found ${name}, which a model of this config.json does not have; use a plain Llama, Qwen2 or Qwen3 checkpoint`,
      );
    }
  }
  return weights;
}

const headName = 'lm_head.weight';

/** Some writers add the head although it is the embedding; one that is another is the model's own, and would be lost. */
function checkTied(where: string, weights: Weights, { shape, data }: Tensor): void {
  const embedding = weights.get('model.embed_tokens.weight')!;
  const same = shape.join() === embedding.shape.join();
  if (same && data.every((value, i) => Object.is(value, embedding.data[i]))) return;
  throw new EngineError(
    'head-untied',
    `${where}: expected ${headName} to be the embedding, since config.json has "tie_word_embeddings": true, found another; set that to false if the head was trained, or remove the tensor`,
  );
}

function previousOf(dir: string): string {
  return `${resolve(dir)}.previous`;
}

function generationJson(config: LlamaConfig): Json {
  return {
    bos_token_id: config.bosToken ?? null,
    eos_token_id: eosToJson(config),
    pad_token_id: config.padToken ?? null,
  };
}

function tokenizerJson(config: LlamaConfig, tokenizer: string): Json {
  const { decode } = openTokenizer(tokenizer);
  const text = (token: number | undefined) => (token === undefined ? null : decode([token]));
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: config.maxPositions,
    clean_up_tokenization_spaces: false,
    bos_token: text(config.bosToken),
    eos_token: text(config.eosToken),
    pad_token: text(config.padToken),
  };
}

async function readText(dir: string, name: string): Promise<string> {
  const path = join(dir, name);
  if (!existsSync(path)) {
    throw new EngineError('checkpoint-missing', `${path}: expected this file, found none`);
  }
  return (await readWhole(path)).toString('utf8');
}

async function writeJson(dir: string, name: string, json: Json): Promise<void> {
  await writeFile(join(dir, name), `${JSON.stringify(json, null, 2)}\n`);
}

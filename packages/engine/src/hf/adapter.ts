/** Adapters on disk, which are PEFT's: adapter_config.json and adapter_model.safetensors. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../error.js';
import { refuseOccupied } from '../files.js';
import {
  type Adapter,
  type AdapterModule,
  type AdapterShape,
  adapterModules,
  adapterShapes,
  checkAdapterShape,
  type LlamaConfig,
  type Tensor,
  type Weights,
} from '../llama/index.js';
import { type Json, readJson } from './json.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';

const prefix = 'base_model.model.';

/** Writes a PEFT folder; `base` is the name or folder of the model that the adapter was trained on. */
export async function saveAdapter(dir: string, adapter: Adapter, base: string): Promise<void> {
  const saving = `${dir}.saving`;
  await refuseOccupied(dir, 'adapter_config.json', 'an adapter');
  await rm(saving, { recursive: true, force: true });
  await mkdir(saving, { recursive: true });
  await writeSafetensors(
    join(saving, 'adapter_model.safetensors'),
    new Map([...adapter.weights].map(([name, tensor]) => [prefix + name, tensor])),
  );
  const json: Json = {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    r: adapter.rank,
    lora_alpha: adapter.alpha,
    target_modules: adapter.modules,
    layers_to_transform: adapter.layers ?? null,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    modules_to_save: null,
    use_dora: false,
    use_rslora: false,
  };
  await writeFile(join(saving, 'adapter_config.json'), `${JSON.stringify(json, null, 2)}\n`);
  await rm(dir, { recursive: true, force: true });
  await rename(saving, dir);
}

/**
 * Reads a PEFT folder for a model of this shape.
 * Throws `EngineError` "adapter-missing", "adapter-unsupported" (what this engine does not compute), "adapter-invalid",
 * "tensor-missing", "tensor-misshapen" or "tensor-unexpected".
 */
export async function loadAdapter(dir: string, config: LlamaConfig): Promise<Adapter> {
  const path = join(dir, 'adapter_config.json');
  if (!existsSync(path)) {
    throw new EngineError(
      'adapter-missing',
      `${dir}: expected a PEFT adapter, found no adapter_config.json; check the path`,
    );
  }
  const shape = shapeFromJson(path, await readJson(path, 'adapter-invalid'), config);
  const found = new Map<string, Tensor>();
  for (const [name, tensor] of await readSafetensors(join(dir, 'adapter_model.safetensors'))) {
    found.set(name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor);
  }
  const weights: Weights = new Map();
  for (const [name, size] of adapterShapes(config, shape)) {
    const tensor = found.get(name);
    if (!tensor || tensor.shape.join() !== size.join()) {
      throw new EngineError(
        tensor ? 'tensor-misshapen' : 'tensor-missing',
        `${dir}: expected ${prefix}${name} of shape [${size}], found ${tensor ? `[${tensor.shape}]` : 'no such tensor'}; the adapter is of another model or damaged`,
      );
    }
    weights.set(name, tensor);
  }
  for (const name of found.keys()) {
    if (!weights.has(name)) {
      throw new EngineError(
        'tensor-unexpected',
        `${dir}: found ${name}, which an adapter of ${shape.modules.join(', ')} does not have; the adapter is of another model`,
      );
    }
  }
  return { ...shape, weights };
}

/** Settings that change what an adapter computes, with the only values this engine computes. */
const supported: readonly (readonly [key: string, ...values: unknown[]])[] = [
  ['peft_type', 'LORA'],
  ['bias', 'none'],
  ['fan_in_fan_out', false],
  ['use_dora', false],
  ['modules_to_save', null],
  ['layer_replication', null],
  ['lora_bias', false],
];

function shapeFromJson(path: string, json: Json, config: LlamaConfig): AdapterShape {
  const refuse = (key: string, found: unknown, expected: string) =>
    new EngineError(
      'adapter-unsupported',
      `${path}: ${key} is ${JSON.stringify(found)}, this engine supports ${expected}; use a plain LoRA adapter`,
    );
  for (const [key, ...values] of supported) {
    if (json[key] !== undefined && json[key] !== null && !values.includes(json[key])) {
      throw refuse(key, json[key], values.map((value) => JSON.stringify(value)).join(' or '));
    }
  }
  for (const key of ['rank_pattern', 'alpha_pattern']) {
    if (Object.keys(json[key] ?? {}).length > 0) throw refuse(key, json[key], 'one for all: {}');
  }
  const wanted = json.target_modules === 'all-linear' ? adapterModules : json.target_modules;
  const known = (name: unknown): name is AdapterModule => adapterModules.some((m) => m === name);
  if (!Array.isArray(wanted) || !wanted.every(known)) {
    throw refuse('target_modules', wanted, `a list of ${adapterModules.join(', ')}`);
  }
  const rank = json.r as number;
  const alpha = json.lora_alpha as number;
  const transformed = json.layers_to_transform ?? undefined;
  const layers = transformed === undefined ? undefined : ([transformed].flat() as number[]);
  checkAdapterShape(path, { rank, alpha, modules: wanted, layers }, config);
  // alpha / sqrt(rank) (Kalajdzievski 2023), spelt as alpha / rank.
  const scaled = json.use_rslora === true ? alpha * Math.sqrt(rank) : alpha;
  const modules = adapterModules.filter((name) => wanted.includes(name));
  return { rank, alpha: scaled, modules, ...(layers && { layers }) };
}

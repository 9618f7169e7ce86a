/**
 * Low-rank adapters (LoRA, Hu et al. 2021): a module W x becomes W x + alpha/rank B A x, where A and B alone are learned.
 * On disk they are PEFT's: adapter_config.json and adapter_model.safetensors.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EngineError } from '../error.js';
import type { Json, LlamaConfig } from './config.js';
import { readSafetensors, type Tensor, writeSafetensors } from './safetensors.js';
import { eachWeight, uniforms, type Weights } from './weights.js';

/** The modules that an adapter can change, by their names within a layer. */
export const adapterModules = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
export type AdapterModule = (typeof adapterModules)[number];

/** The size of an adapter: `alpha / rank` is the factor on what it adds. */
export interface AdapterShape {
  readonly rank: number;
  readonly alpha: number;
  readonly modules: readonly AdapterModule[];
}

export interface Adapter extends AdapterShape {
  /** `<module>.lora_A.weight` [rank, in] and `<module>.lora_B.weight` [out, rank] of each module of each layer. */
  readonly weights: Weights;
}

/** An adapter's tensors with their shapes, in the order of the model's. */
export function adapterShapes(
  config: LlamaConfig,
  { rank, modules }: AdapterShape,
): [name: string, shape: number[]][] {
  const shapes: [string, number[]][] = [];
  for (const [name, shape] of eachWeight(config)) {
    const module = /\.(\w+_proj)\.weight$/.exec(name)?.[1];
    if (!modules.some((wanted) => wanted === module)) continue;
    const [out, inner] = shape as [number, number];
    const at = name.slice(0, -'.weight'.length);
    shapes.push([`${at}.lora_A.weight`, [rank, inner]], [`${at}.lora_B.weight`, [out, rank]]);
  }
  return shapes;
}

/**
 * A fresh adapter, which changes nothing yet: B is zero, A uniform within 1 / sqrt(in) of zero, as PEFT starts.
 * Throws `EngineError` "adapter-invalid" for a rank or module that is none.
 */
export function initialAdapter(config: LlamaConfig, shape: AdapterShape, seed: number): Adapter {
  checkShape('new adapter', shape);
  const uniform = uniforms(seed);
  const weights: Weights = new Map(
    adapterShapes(config, shape).map(([name, size]): [string, Tensor] => {
      const data = new Float32Array(size[0]! * size[1]!);
      if (name.endsWith('.lora_A.weight')) {
        const bound = 1 / Math.sqrt(size[1]!);
        for (let i = 0; i < data.length; i++) data[i] = bound * (2 * uniform() - 1);
      }
      return [name, { shape: size, data }];
    }),
  );
  return { ...shape, weights };
}

/** The model's weights with the adapter added in: W + alpha/rank B A. Weights that it does not change are shared. */
export function mergeAdapter(weights: Weights, adapter: Adapter): Weights {
  const merged: Weights = new Map(weights);
  for (const [name, { shape, data }] of weights) {
    const at = name.slice(0, -'.weight'.length);
    const down = adapter.weights.get(`${at}.lora_A.weight`);
    const up = adapter.weights.get(`${at}.lora_B.weight`);
    if (!down || !up) continue;
    const [out, inner] = shape as [number, number];
    const { rank, alpha } = adapter;
    const sum = data.slice();
    for (let o = 0; o < out; o++) {
      for (let r = 0; r < rank; r++) {
        const factor = (alpha / rank) * up.data[o * rank + r]!;
        for (let i = 0; i < inner; i++) sum[o * inner + i]! += factor * down.data[r * inner + i]!;
      }
    }
    merged.set(name, { shape, data: sum });
  }
  return merged;
}

const prefix = 'base_model.model.';

/** Writes a PEFT folder; `base` is the name or folder of the model that the adapter was trained on. */
export async function saveAdapter(dir: string, adapter: Adapter, base: string): Promise<void> {
  const saving = `${dir}.saving`;
  const names = existsSync(dir) ? await readdir(dir) : [];
  if (names.length > 0 && !names.includes('adapter_config.json')) {
    throw new EngineError(
      'checkpoint-occupied',
      `${dir}: expected a new folder or an adapter to replace, found ${names.slice(0, 3).join(', ')}; choose another folder`,
    );
  }
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
  const shape = shapeFromJson(path, await readJson(path));
  const found = new Map<string, Tensor>();
  for (const [name, tensor] of await readSafetensors(join(dir, 'adapter_model.safetensors'))) {
    found.set(name.startsWith(prefix) ? name.slice(prefix.length) : name, tensor);
  }
  const weights: Weights = new Map();
  for (const [name, size] of adapterShapes(config, shape)) {
    const tensor = found.get(name);
    if (tensor?.shape.join() !== size.join()) {
      throw new EngineError(
        tensor ? 'tensor-misshapen' : 'tensor-missing',
        `${dir}: expected ${prefix}${name} of shape [${size}], found ${tensor ? `[${tensor.shape}]` : 'no such tensor'}; the adapter is of another model or damaged`,
      );
    }
    weights.set(name, tensor!);
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
  ['layers_to_transform', null],
  ['layer_replication', null],
  ['lora_bias', false],
];

function shapeFromJson(path: string, json: Json): AdapterShape {
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
  checkShape(path, { rank, alpha, modules: wanted });
  // alpha / sqrt(rank) (Kalajdzievski 2023), spelt as alpha / rank.
  const scaled = json.use_rslora === true ? alpha * Math.sqrt(rank) : alpha;
  return { rank, alpha: scaled, modules: adapterModules.filter((name) => wanted.includes(name)) };
}

function checkShape(where: string, { rank, alpha, modules }: AdapterShape): void {
  const invalid = (what: string, found: unknown, expected: string) =>
    new EngineError(
      'adapter-invalid',
      `${where}: ${what} must be ${expected}, found ${JSON.stringify(found)}`,
    );
  if (!Number.isSafeInteger(rank) || rank < 1) {
    throw invalid('rank', rank, 'a whole number above 0');
  }
  if (!Number.isFinite(alpha) || alpha <= 0) throw invalid('alpha', alpha, 'a number above 0');
  if (modules.length === 0 || !modules.every((name) => adapterModules.includes(name))) {
    throw invalid('modules', modules, `some of ${adapterModules.join(', ')}`);
  }
}

async function readJson(path: string): Promise<Json> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new EngineError('adapter-invalid', `${path}: expected JSON`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new EngineError('adapter-invalid', `${path}: expected a JSON object`);
  }
  return value as Json;
}

/** Weights that stay as they are, held once for all models, trainers and threads that compute with them. */
import { rmSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { EngineError } from '../error.js';
import {
  type Adapter,
  adapterLayoutOf,
  checkedTensors,
  type Frozen,
  type FrozenAdapter,
  flatten,
  type LlamaConfig,
  layoutOf,
  type ModelWeights,
  type ParameterLayout,
  shapeOf,
  type Weights,
} from '../llama/index.js';

/** Bytes of weights beyond which they go through a file: ONNX Runtime copies what it is given in memory, a file it maps. */
const MOST_IN_MEMORY = 2 ** 27;

/** What is held, by the weights: models opened on the same `Weights` have it in common. */
const known = new WeakMap<Weights, Held>();
/** Folders that are there. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export class Held {
  readonly frozen: Promise<Frozen>;
  private users = 0;
  private adapters = 0;
  private readonly forget: () => void;

  private constructor({ config, weights }: ModelWeights, mostInMemory: number) {
    const key = new WeakRef(weights);
    this.forget = () => known.delete(key.deref() ?? new Map());
    this.frozen =
      4 * layoutOf(config).size <= mostInMemory
        ? Promise.resolve({ memory: inMemory(layoutOf(config), weights) })
        : inNewFolder(layoutOf(config), weights).then((file) => ({ file }));
  }

  /** Holds the weights until `release` has been called as often as this. */
  static of(model: ModelWeights, mostInMemory = MOST_IN_MEMORY): Held {
    const held = known.get(model.weights) ?? new Held(model, mostInMemory);
    known.set(model.weights, held);
    held.users++;
    return held;
  }

  /** An adapter beside the weights, held as they are. */
  async adapter(config: LlamaConfig, adapter: Adapter): Promise<FrozenAdapter> {
    const { weights } = adapter;
    const layout = adapterLayoutOf(config, adapter);
    const { file } = await this.frozen;
    const frozen =
      file === undefined
        ? { memory: inMemory(layout, weights) }
        : { file: await inFile(dirname(file), `adapter-${++this.adapters}`, layout, weights) };
    return { ...shapeOf(adapter), frozen };
  }

  async release(): Promise<void> {
    if (--this.users > 0) return;
    this.forget();
    const frozen = await this.frozen.catch(() => undefined);
    if (frozen?.file !== undefined) await remove(dirname(frozen.file));
  }
}

function inMemory(layout: ParameterLayout, weights: Weights): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(4 * layout.size);
  flatten(layout, weights, new Float32Array(memory));
  return memory;
}

async function inNewFolder(layout: ParameterLayout, weights: Weights): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'glore-weights-'));
  folders.add(folder);
  try {
    return await inFile(folder, 'weights', layout, weights);
  } catch (error) {
    await remove(folder);
    throw error;
  }
}

async function inFile(
  folder: string,
  name: string,
  layout: ParameterLayout,
  weights: Weights,
): Promise<string> {
  const path = join(folder, name);
  try {
    const file = await open(path, 'w');
    try {
      for (const { data } of checkedTensors(layout, weights)) {
        await file.writeFile(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
    } finally {
      await file.close();
    }
    return path;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (cause instanceof EngineError || code === undefined) throw cause;
    throw new EngineError(
      'weights-unwritten',
      `${folder}: expected room for a model's weights, found ${code}; free some space, or set TMPDIR to a folder that has it`,
      { cause },
    );
  }
}

async function remove(folder: string): Promise<void> {
  folders.delete(folder);
  // Where a system keeps a mapped file, its own cleaning takes it.
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

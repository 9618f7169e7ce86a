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
  type EightStore,
  eightLayout,
  type Frozen,
  type FrozenAdapter,
  flatten,
  inEightBits,
  type LlamaConfig,
  layoutOf,
  type ModelWeights,
  type ParameterLayout,
  shapeOf,
  type Weights,
} from '../llama/index.js';
import { signedBytesAreExact } from '../onnx/index.js';

/** Bytes of weights beyond which they go through a file: ONNX Runtime copies what it is given in memory, a file it maps. */
const MOST_IN_MEMORY = 2 ** 27;

/** What is held, by the weights: models opened on the same `Weights` have it in common. */
const known = new WeakMap<Weights, Held>();
/** Folders that are there. */
const folders = new Set<string>();
process.once('exit', () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** How many bits a number of a matrix has where it is multiplied. */
export type Bits = 8 | 32;

interface HeldOptions {
  readonly mostInMemory?: number;
  /** Whether bytes have a sign; if left out, where they are multiplied right so. */
  readonly signed?: boolean | undefined;
}

export class Held {
  private readonly frozen: Promise<Frozen>;
  private eight: Promise<EightStore> | undefined;
  private readonly signed: boolean | undefined;
  private users = 0;
  private adapters = 0;
  private readonly forget: () => void;

  private constructor(
    { config, weights }: ModelWeights,
    { mostInMemory = MOST_IN_MEMORY, signed }: HeldOptions,
  ) {
    this.signed = signed;
    const key = new WeakRef(weights);
    this.forget = () => known.delete(key.deref() ?? new Map());
    this.frozen =
      4 * layoutOf(config).size <= mostInMemory
        ? Promise.resolve({ memory: inMemory(layoutOf(config), weights) })
        : inNewFolder(layoutOf(config), weights).then((file) => ({ file }));
  }

  /** Holds the weights until `release` has been called as often as this. */
  static of(model: ModelWeights, options: HeldOptions = {}): Held {
    const held = known.get(model.weights) ?? new Held(model, options);
    known.set(model.weights, held);
    held.users++;
    return held;
  }

  /**
   * The model's weights, which are these, with their matrices in 8 bits beside them where so many are wanted.
   * @throws EngineError `bits` for another number of them
   */
  async inBits(bits: Bits, model: ModelWeights): Promise<Frozen> {
    if (bits !== 8 && bits !== 32) {
      throw new EngineError('bits', `bits: expected 8 or 32, found ${JSON.stringify(bits)}`);
    }
    const frozen = await this.frozen;
    if (bits === 32) return frozen;
    this.eight ??= inEight(model, frozen, this.signed ?? signedBytesAreExact());
    const made = this.eight;
    try {
      return { ...frozen, eight: await made };
    } catch (error) {
      // What stood in the way may be gone the next time.
      if (this.eight === made) this.eight = undefined;
      throw error;
    }
  }

  /** An adapter beside the weights, held as they are. */
  async adapter(config: LlamaConfig, adapter: Adapter): Promise<FrozenAdapter> {
    const { weights } = adapter;
    const layout = adapterLayoutOf(config, adapter);
    const { file } = await this.frozen;
    const frozen =
      file === undefined
        ? { memory: inMemory(layout, weights) }
        : {
            file: await inFile(
              dirname(file),
              `adapter-${++this.adapters}`,
              bytesOf(layout, weights),
            ),
          };
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
    return await inFile(folder, 'weights', bytesOf(layout, weights));
  } catch (error) {
    await remove(folder);
    throw error;
  }
}

function* bytesOf(layout: ParameterLayout, weights: Weights): Generator<Uint8Array> {
  for (const { data } of checkedTensors(layout, weights)) {
    yield new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  }
}

/** The matrices in 8 bits, where the weights are. */
async function inEight(
  { config, weights }: ModelWeights,
  frozen: Frozen,
  asked: boolean | Promise<boolean>,
): Promise<EightStore> {
  const signed = await asked;
  const { entries, size } = eightLayout(config);
  if (frozen.file !== undefined) {
    const parts = function* () {
      for (const entry of entries) yield inEightBits(entry, weights, signed);
    };
    return { signed, file: await inFile(dirname(frozen.file), 'eight', parts()) };
  }
  const memory = new SharedArrayBuffer(size);
  const bytes = new Uint8Array(memory);
  for (const entry of entries) bytes.set(inEightBits(entry, weights, signed), entry.scales);
  return { signed, memory };
}

async function inFile(folder: string, name: string, parts: Iterable<Uint8Array>): Promise<string> {
  const path = join(folder, name);
  try {
    const file = await open(path, 'w');
    try {
      for (const part of parts) await file.writeFile(part);
    } finally {
      await file.close();
    }
    return path;
  } catch (cause) {
    // A part of it would take the room that is missing.
    await rm(path, { force: true }).catch(() => {});
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

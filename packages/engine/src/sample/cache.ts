/** The key-value cache of a set of rows: per layer one key and one value buffer [rows, kvHeads, capacity, D]. */
import type { LlamaConfig } from '../llama/index.js';
import { floats, Tensor } from '../onnx/index.js';

export class Cache {
  /** Positions of each row. */
  capacity: number;
  private readonly config: LlamaConfig;
  /** Keys and values by layer: key 0, value 0, key 1, .. Longer than what is used of them. */
  private buffers: readonly Float32Array[];

  constructor(config: LlamaConfig, capacity: number, buffers: readonly Float32Array[]) {
    this.config = config;
    this.capacity = capacity;
    this.buffers = buffers;
  }

  /** An empty cache of `rows` rows. */
  static allocate(config: LlamaConfig, rows: number, capacity: number): Cache {
    return new Cache(config, capacity, emptyBuffers(config, rows * capacity));
  }

  /** The outputs that a cache is made of. */
  static outputs({ layers }: LlamaConfig): string[] {
    return Array.from({ length: 2 * layers }, (_, i) => tensorName(i));
  }

  /** The outputs that `append` takes. */
  static newOutputs({ layers }: LlamaConfig): string[] {
    return Array.from({ length: 2 * layers }, (_, i) => newName(i));
  }

  /** The cache that running whole sequences gave (outputs `key.N`, `value.N`). */
  static of(config: LlamaConfig, capacity: number, outputs: Record<string, Tensor>): Cache {
    return new Cache(
      config,
      capacity,
      Cache.outputs(config).map((name) => floats(outputs, name)),
    );
  }

  /**
   * Forgets all rows, and makes room for `positions` over all rows and any capacity. Memory that was touched before is
   * used again: fresh pages cost more than what is computed from them.
   */
  clear(positions: number): void {
    const { kvHeads, headSize } = this.config;
    this.capacity = 0;
    if ((this.buffers[0]?.length ?? 0) >= positions * kvHeads * headSize) return;
    this.buffers = [];
    this.buffers = emptyBuffers(this.config, positions);
  }

  /** Raises the capacity; the first `lengths[row]` positions of each row stay. */
  grow(capacity: number, lengths: readonly number[]): void {
    const { kvHeads, headSize } = this.config;
    for (const data of this.buffers) {
      // From the end, since everything moves up.
      for (let row = lengths.length - 1; row >= 0; row--) {
        for (let head = kvHeads - 1; head >= 0; head--) {
          const from = (row * kvHeads + head) * this.capacity * headSize;
          const to = (row * kvHeads + head) * capacity * headSize;
          data.copyWithin(to, from, from + lengths[row]! * headSize);
        }
      }
    }
    this.capacity = capacity;
  }

  /** Inputs over the first `rows` rows, not copied. */
  feeds(rows: number): Record<string, Tensor> {
    const { kvHeads, headSize } = this.config;
    const shape = [rows, kvHeads, 1, this.capacity, headSize];
    return Object.fromEntries(
      this.buffers.map((data, i) => [
        tensorName(i),
        new Tensor('float32', data.subarray(0, rows * this.rowSize()), shape),
      ]),
    );
  }

  /** Writes a step's new keys and values (outputs `newKey.N`, `newValue.N`): row i at position positions[i]. */
  append(outputs: Record<string, Tensor>, positions: readonly number[]): void {
    const { kvHeads, headSize } = this.config;
    const rowSize = this.rowSize();
    for (const [i, data] of this.buffers.entries()) {
      const fresh = floats(outputs, newName(i));
      for (let row = 0; row < positions.length; row++) {
        for (let head = 0; head < kvHeads; head++) {
          const from = (row * kvHeads + head) * headSize;
          const to = row * rowSize + (head * this.capacity + positions[row]!) * headSize;
          for (let k = 0; k < headSize; k++) data[to + k] = fresh[from + k]!;
        }
      }
    }
  }

  /** Copies the first `length` positions of row `from` of another cache into row `to` of this one. */
  copyRow(source: Cache, from: number, to: number, length: number): void {
    const { kvHeads, headSize } = this.config;
    const used = length * headSize;
    this.buffers.forEach((data, i) => {
      for (let head = 0; head < kvHeads; head++) {
        const start = from * source.rowSize() + head * source.capacity * headSize;
        data.set(
          source.buffers[i]!.subarray(start, start + used),
          to * this.rowSize() + head * this.capacity * headSize,
        );
      }
    });
  }

  private rowSize(): number {
    return this.config.kvHeads * this.capacity * this.config.headSize;
  }
}

const emptyBuffers = (config: LlamaConfig, positions: number): Float32Array[] =>
  Array.from(
    { length: 2 * config.layers },
    () => new Float32Array(positions * config.kvHeads * config.headSize),
  );

const tensorName = (index: number) => `${index % 2 ? 'value' : 'key'}.${index >> 1}`;
const newName = (index: number) => `new${index % 2 ? 'Value' : 'Key'}.${index >> 1}`;

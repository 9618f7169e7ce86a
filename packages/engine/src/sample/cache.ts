/** The key-value cache of a set of rows: per layer one key and one value buffer [rows, kvHeads, capacity, D]. */
import type { LlamaConfig } from '../hf/index.js';
import { Tensor } from '../onnx/index.js';

export class Cache {
  readonly capacity: number;
  private readonly config: LlamaConfig;
  private readonly rowSize: number;
  /** Keys and values by layer: key 0, value 0, key 1, .. */
  private readonly buffers: readonly Float32Array[];

  constructor(config: LlamaConfig, capacity: number, buffers: readonly Float32Array[]) {
    this.config = config;
    this.capacity = capacity;
    this.rowSize = config.kvHeads * capacity * config.headSize;
    this.buffers = buffers;
  }

  /** An empty cache of `rows` rows. */
  static allocate(config: LlamaConfig, rows: number, capacity: number): Cache {
    const size = rows * config.kvHeads * capacity * config.headSize;
    return new Cache(
      config,
      capacity,
      Array.from({ length: 2 * config.layers }, () => new Float32Array(size)),
    );
  }

  /** The cache that running whole sequences gave (outputs `key.N`, `value.N`). */
  static of(config: LlamaConfig, capacity: number, outputs: Record<string, Tensor>): Cache {
    const names = Array.from({ length: 2 * config.layers }, (_, i) => tensorName(i));
    return new Cache(
      config,
      capacity,
      names.map((name) => outputs[name]!.data as Float32Array),
    );
  }

  /** Inputs over the first `rows` rows, not copied. */
  feeds(rows: number): Record<string, Tensor> {
    const { kvHeads, headSize } = this.config;
    const shape = [rows, kvHeads, this.capacity, headSize];
    return Object.fromEntries(
      this.buffers.map((data, i) => [
        tensorName(i),
        new Tensor('float32', data.subarray(0, rows * this.rowSize), shape),
      ]),
    );
  }

  /** Writes a step's new keys and values (outputs `newKey.N`, `newValue.N`): row i at position positions[i]. */
  append(outputs: Record<string, Tensor>, positions: readonly number[]): void {
    const { kvHeads, headSize } = this.config;
    this.buffers.forEach((data, i) => {
      const fresh = outputs[`new${i % 2 ? 'Value' : 'Key'}.${i >> 1}`]!.data as Float32Array;
      positions.forEach((position, row) => {
        for (let head = 0; head < kvHeads; head++) {
          const from = (row * kvHeads + head) * headSize;
          const to = row * this.rowSize + (head * this.capacity + position) * headSize;
          for (let k = 0; k < headSize; k++) data[to + k] = fresh[from + k]!;
        }
      });
    });
  }

  /** Copies the first `length` positions of row `from` of another cache into row `to` of this one. */
  copyRow(source: Cache, from: number, to: number, length: number): void {
    const { kvHeads, headSize } = this.config;
    const used = length * headSize;
    this.buffers.forEach((data, i) => {
      for (let head = 0; head < kvHeads; head++) {
        const start = from * source.rowSize + head * source.capacity * headSize;
        data.set(
          source.buffers[i]!.subarray(start, start + used),
          to * this.rowSize + head * this.capacity * headSize,
        );
      }
    });
  }
}

const tensorName = (index: number) => `${index % 2 ? 'value' : 'key'}.${index >> 1}`;

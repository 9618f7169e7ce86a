/** The key-value cache of a set of rows: per layer one key and one value buffer [rows, kvHeads, capacity, D]. */
import type { LlamaConfig } from '../hf/index.js';
import { Tensor } from '../onnx/index.js';

export class Cache {
  readonly capacity: number;
  private readonly config: LlamaConfig;
  private readonly rowSize: number;
  private readonly buffers: { name: string; out: string; data: Float32Array }[];

  constructor(config: LlamaConfig, rows: number, capacity: number) {
    this.config = config;
    this.capacity = capacity;
    this.rowSize = config.kvHeads * capacity * config.headSize;
    this.buffers = Array.from({ length: 2 * config.layers }, (_, i) => ({
      name: `${i % 2 ? 'value' : 'key'}.${i >> 1}`,
      out: `${i % 2 ? 'newValue' : 'newKey'}.${i >> 1}`,
      data: new Float32Array(rows * this.rowSize),
    }));
  }

  /** Tensors over the first `rows` rows: as inputs, and as the outputs that overwrite them. */
  tensors(rows: number): { feeds: Record<string, Tensor>; into: Record<string, Tensor> } {
    const { kvHeads, headSize } = this.config;
    const feeds: Record<string, Tensor> = {};
    const into: Record<string, Tensor> = {};
    for (const { name, out, data } of this.buffers) {
      const view = data.subarray(0, rows * this.rowSize);
      const shape = [rows, kvHeads, this.capacity, headSize];
      feeds[name] = new Tensor('float32', view, shape);
      into[out] = new Tensor('float32', view, shape);
    }
    return { feeds, into };
  }

  /** Copies the first `length` positions of row `from` of another cache into row `to` of this one. */
  copyRow(source: Cache, from: number, to: number, length: number): void {
    const { kvHeads, headSize } = this.config;
    const used = length * headSize;
    this.buffers.forEach(({ data }, i) => {
      const other = source.buffers[i]!.data;
      for (let head = 0; head < kvHeads; head++) {
        const start = from * source.rowSize + head * source.capacity * headSize;
        data.set(
          other.subarray(start, start + used),
          to * this.rowSize + head * this.capacity * headSize,
        );
      }
    });
  }
}

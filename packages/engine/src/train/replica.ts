/**
 * One worker's part in data-parallel training: it holds a copy of the parameters, computes gradients of its
 * micro-batches, and updates its own slice of the shared parameters (optimiser state is never duplicated).
 */
import type { AdapterShape, LlamaConfig } from '../hf/index.js';
import {
  adapterLayoutOf,
  joinedEntries,
  layoutOf,
  type ParameterEntry,
  type ParameterLayout,
} from '../llama/parameters.js';
import { type Provider, Session, Tensor } from '../onnx/index.js';
import { type AdamWOptions, adamWUpdate } from '../optimizer/index.js';
import type { MicroBatch } from './batch.js';
import { batchFeeds, type TrainingShape, trainingGraph } from './graph.js';

/** Vectors of parameter length that all replicas see. */
export interface SharedState {
  readonly parameters: SharedArrayBuffer;
  readonly first: SharedArrayBuffer;
  readonly second: SharedArrayBuffer;
  /** One gradient for each replica. */
  readonly gradients: readonly SharedArrayBuffer[];
  /** The model's weights, where an adapter is learned in their place. */
  readonly frozen?: SharedArrayBuffer;
}

export interface ReplicaOptions {
  readonly config: LlamaConfig;
  readonly adapter?: AdapterShape;
  readonly index: number;
  readonly shared: SharedState;
  readonly optimizer: AdamWOptions;
  readonly provider?: Provider | undefined;
}

export class Replica {
  private options!: ReplicaOptions;
  private layout!: ParameterLayout;
  private shape!: TrainingShape;
  private local!: Float32Array;
  private fresh!: Float32Array;
  private parameterTensors!: Record<string, Tensor>;
  private gradientTensors!: Record<string, Tensor>;
  private readonly sessions: { learning?: Session; measuring?: Session } = {};

  async open(options: ReplicaOptions): Promise<void> {
    this.options = options;
    const { config, adapter } = options;
    const whole = layoutOf(config);
    this.layout = adapter ? adapterLayoutOf(config, adapter) : whole;
    const joined = joinedEntries(config, whole, adapter?.modules);
    this.shape = adapter
      ? {
          config,
          learned: this.layout.entries,
          frozen: joined,
          adapterScale: adapter.alpha / adapter.rank,
        }
      : { config, learned: joined };
    // ONNX Runtime refuses shared buffers, so each replica computes on copies of its own.
    this.local = new Float32Array(this.layout.size);
    this.fresh = new Float32Array(this.layout.size);
    const tensors = (prefix: string, flat: Float32Array, entries: readonly ParameterEntry[]) =>
      Object.fromEntries(
        entries.map(({ name, shape, start, end }) => [
          prefix + name,
          new Tensor('float32', flat.subarray(start, end), shape),
        ]),
      );
    const { learned, frozen = [] } = this.shape;
    this.parameterTensors = {
      ...tensors('', this.local, learned),
      ...(options.shared.frozen &&
        tensors('', Float32Array.from(this.view(options.shared.frozen)), frozen)),
    };
    this.gradientTensors = tensors('d:', this.fresh, learned);
  }

  /** Leaves the summed gradient of the micro-batches in this replica's shared slot; returns the summed loss. */
  async gradient(work: readonly MicroBatch[]): Promise<number> {
    const slot = this.view(this.options.shared.gradients[this.options.index]!);
    this.local.set(this.view(this.options.shared.parameters));
    const some = work.filter(({ picked }) => picked.length > 0);
    if (some.length === 0) slot.fill(0);
    let loss = 0;
    for (const [i, batch] of some.entries()) {
      const outputs = await this.run(batch, true);
      loss += outputs.loss!.data[0] as number;
      if (i === 0) slot.set(this.fresh);
      else for (let k = 0; k < slot.length; k++) slot[k]! += this.fresh[k]!;
    }
    return loss;
  }

  /** The summed loss of micro-batches, nothing learned. */
  async loss(work: readonly MicroBatch[]): Promise<number> {
    this.local.set(this.view(this.options.shared.parameters));
    let loss = 0;
    for (const batch of work) {
      if (batch.picked.length === 0) continue;
      loss += (await this.run(batch, false)).loss!.data[0] as number;
    }
    return loss;
  }

  /** Sums all replicas' gradients over this replica's slice, into slot 0; returns the slice's sum of squares. */
  reduce(): number {
    const [total, ...others] = this.options.shared.gradients.map((buffer) => this.view(buffer)) as [
      Float32Array,
      ...Float32Array[],
    ];
    const [start, end] = this.slice();
    for (const other of others) for (let i = start; i < end; i++) total[i]! += other[i]!;
    let squares = 0;
    for (let i = start; i < end; i++) squares += total[i]! * total[i]!;
    return squares;
  }

  /** Updates this replica's slice of the shared parameters from the reduced gradient. */
  update(update: { step: number; rate: number; gradientScale: number }): void {
    const { shared, optimizer } = this.options;
    const parameters = this.view(shared.parameters);
    const gradient = this.view(shared.gradients[0]!);
    const moments = { first: this.view(shared.first), second: this.view(shared.second) };
    const [from, to] = this.slice();
    for (const { shape, start, end } of this.layout.entries) {
      const decay = shape.length > 1 ? optimizer.weightDecay : 0;
      adamWUpdate(
        parameters,
        gradient,
        moments,
        Math.max(from, start),
        Math.min(to, end),
        { ...update, decay },
        optimizer,
      );
    }
  }

  private async run(work: MicroBatch, learning: boolean): Promise<Record<string, Tensor>> {
    const kind = learning ? 'learning' : 'measuring';
    this.sessions[kind] ??= await Session.compile(trainingGraph(this.shape, learning), {
      provider: this.options.provider,
    });
    return this.sessions[kind].run(
      { ...this.parameterTensors, ...batchFeeds(this.options.config, work) },
      learning ? this.gradientTensors : {},
    );
  }

  private slice(): [number, number] {
    const { index, shared } = this.options;
    const part = Math.ceil(this.layout.size / shared.gradients.length);
    return [index * part, Math.min(this.layout.size, (index + 1) * part)];
  }

  private view(buffer: SharedArrayBuffer): Float32Array {
    return new Float32Array(buffer);
  }
}

/**
 * One worker's part in data-parallel training: it holds a copy of the parameters, computes gradients of its
 * micro-batches, and updates its own slice of the shared parameters (optimiser state is never duplicated).
 */
import {
  type AdapterShape,
  adapterLayoutOf,
  type Frozen,
  frozenValues,
  type LlamaConfig,
  layoutOf,
  type ParameterEntry,
  type ParameterLayout,
  storeOf,
  trainedEntries,
} from '../llama/index.js';
import { floats, type Provider, Session, Tensor } from '../onnx/index.js';
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
}

export interface ReplicaOptions {
  readonly config: LlamaConfig;
  /** An adapter that is learned in the place of the model's weights, and these. */
  readonly adapter?: AdapterShape & { readonly beside: Frozen };
  readonly index: number;
  readonly shared: SharedState;
  readonly optimizer: AdamWOptions;
  readonly provider?: Provider | undefined;
}

export class Replica {
  private readonly options: ReplicaOptions;
  private readonly layout: ParameterLayout;
  private readonly shape: TrainingShape;
  private readonly local: Float32Array;
  private readonly fresh: Float32Array;
  private readonly parameterTensors: Record<string, Tensor>;
  private readonly gradientTensors: Record<string, Tensor>;
  /** By kind of micro-batch and whether gradients are wanted, compiled when one is needed. */
  private readonly sessions = new Map<string, Session>();

  private constructor(options: ReplicaOptions) {
    this.options = options;
    const { config, adapter } = options;
    this.layout = adapter ? adapterLayoutOf(config, adapter) : layoutOf(config);
    this.shape = adapter
      ? {
          config,
          learned: this.layout.entries,
          frozen: frozenValues(config, adapter.beside),
          adapterScale: adapter.alpha / adapter.rank,
        }
      : { config, learned: trainedEntries(config) };
    // ONNX Runtime refuses shared buffers, so each replica computes on copies of its own.
    this.local = new Float32Array(this.layout.size);
    this.fresh = new Float32Array(this.layout.size);
    this.parameterTensors = tensorsOf('', this.local, this.shape.learned);
    this.gradientTensors = tensorsOf('d:', this.fresh, this.shape.learned);
  }

  static open(options: ReplicaOptions): Replica {
    return new Replica(options);
  }

  /** Leaves the summed gradient of the micro-batches in this replica's shared slot; returns the summed loss. */
  async gradient(work: readonly MicroBatch[]): Promise<number> {
    const { index, shared } = this.options;
    const slot = view(shared.gradients[index]!);
    this.local.set(view(shared.parameters));
    const some = work.filter(({ picked }) => picked.length > 0);
    if (some.length === 0) slot.fill(0);
    let loss = 0;
    for (const [i, batch] of some.entries()) {
      const outputs = await this.run(batch, true);
      loss += lossIn(outputs);
      if (i === 0) slot.set(this.fresh);
      else for (let k = 0; k < slot.length; k++) slot[k]! += this.fresh[k]!;
    }
    return loss;
  }

  /** The summed loss of micro-batches, nothing learned. */
  async loss(work: readonly MicroBatch[]): Promise<number> {
    this.local.set(view(this.options.shared.parameters));
    let loss = 0;
    for (const batch of work) {
      if (batch.picked.length === 0) continue;
      loss += lossIn(await this.run(batch, false));
    }
    return loss;
  }

  /** Sums all replicas' gradients over this replica's slice, into slot 0; returns the slice's sum of squares. */
  reduce(): number {
    const { gradients } = this.options.shared;
    const total = view(gradients[0]!);
    const [start, end] = this.slice();
    for (const other of gradients.slice(1).map(view))
      for (let i = start; i < end; i++) total[i]! += other[i]!;
    let squares = 0;
    for (let i = start; i < end; i++) squares += total[i]! * total[i]!;
    return squares;
  }

  /** Updates this replica's slice of the shared parameters from the reduced gradient. */
  update(update: { step: number; rate: number; gradientScale: number }): void {
    const { shared, optimizer } = this.options;
    const parameters = view(shared.parameters);
    const gradient = view(shared.gradients[0]!);
    const moments = { first: view(shared.first), second: view(shared.second) };
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
    const name = `${work.kind} ${learning}`;
    let session = this.sessions.get(name);
    if (!session) {
      const { provider, adapter } = this.options;
      session = await Session.compile(trainingGraph(this.shape, work.kind, learning), {
        provider,
        store: adapter && storeOf(adapter.beside),
      });
      this.sessions.set(name, session);
    }
    return session.run(
      { ...this.parameterTensors, ...batchFeeds(this.options.config, work) },
      learning ? this.gradientTensors : {},
    );
  }

  private slice(): [number, number] {
    const { index, shared } = this.options;
    const part = Math.ceil(this.layout.size / shared.gradients.length);
    return [index * part, Math.min(this.layout.size, (index + 1) * part)];
  }
}

const view = (buffer: SharedArrayBuffer): Float32Array => new Float32Array(buffer);

/** The one number of the output `loss`. */
const lossIn = (outputs: Record<string, Tensor>): number => floats(outputs, 'loss')[0]!;

/** The entries of a flat vector as tensors, not copied. */
const tensorsOf = (
  prefix: string,
  flat: Float32Array,
  entries: readonly ParameterEntry[],
): Record<string, Tensor> =>
  Object.fromEntries(
    entries.map(({ name, shape, start, end }) => [
      prefix + name,
      new Tensor('float32', flat.subarray(start, end), shape),
    ]),
  );

/** Data-parallel training of a Llama on worker threads. */
import { EngineError } from '../error.js';
import {
  type Adapter,
  adapterLayoutOf,
  flatten,
  type LlamaConfig,
  layoutOf,
  type ModelWeights,
  type ParameterLayout,
  shapeOf,
  unflatten,
  type Weights,
} from '../llama/index.js';
import { checkProvider, type Provider } from '../onnx/index.js';
import { type AdamWOptions, adamWDefaults } from '../optimizer/index.js';
import {
  dealt,
  type Example,
  positionsIn,
  type Replica,
  type SharedState,
} from '../train/index.js';
import { Remote } from '../worker/index.js';
import { type Bits, Held } from './held.js';

export interface TrainerOptions {
  /** Worker threads. The sum's order depends on it, so the same number gives the same bits. Default 2. */
  readonly workers?: number;
  readonly optimizer?: Partial<AdamWOptions>;
  /** Whether what sequences of a batch begin with alike is computed once. Default true. */
  readonly trees?: boolean;
  /** 8 rounds the weights beside an adapter, and what is multiplied with them on both ways, to 8 bits. Default 32. */
  readonly bits?: Bits | undefined;
  /** Where to compute, one of `availableProviders()`. Default `cpu`. */
  readonly provider?: Provider | undefined;
}

export interface StepReport {
  /** Mean loss per unit of target weight, in nats. */
  readonly loss: number;
  /** Euclidean norm of the mean gradient before clipping. */
  readonly gradientNorm: number;
  /** Positions of the batch's sequences, and positions computed: with padding, or each that several share once. */
  readonly tokens: number;
  readonly computed: number;
}

/** Everything that going on later needs: parameters and both moments, flat, and the number of updates made. */
export interface TrainerState {
  readonly step: number;
  readonly parameters: Float32Array;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/** What is trained: all weights, or an adapter on weights that stay as they are. */
export interface Trained extends ModelWeights {
  readonly adapter?: Adapter;
}

export class Trainer {
  private readonly start: Trained;
  private readonly config: LlamaConfig;
  private readonly layout: ParameterLayout;
  private readonly shared: SharedState;
  private readonly optimizer: AdamWOptions;
  /** The weights beside an adapter that is learned. */
  private held: Held | undefined;
  private replicas: Remote<Replica>[] = [];
  private readonly trees: boolean;
  private updates = 0;

  private constructor(start: Trained, options: TrainerOptions) {
    const { config, weights, adapter } = start;
    this.start = start;
    this.config = config;
    this.layout = adapter ? adapterLayoutOf(config, adapter) : layoutOf(config);
    this.optimizer = { ...adamWDefaults, ...options.optimizer };
    this.trees = options.trees ?? true;
    const vector = () => new SharedArrayBuffer(4 * this.layout.size);
    this.shared = {
      parameters: vector(),
      first: vector(),
      second: vector(),
      gradients: Array.from({ length: options.workers ?? 2 }, () => vector()),
    };
    flatten(this.layout, adapter?.weights ?? weights, new Float32Array(this.shared.parameters));
  }

  /** Starts the workers on the weights of a checkpoint, or on an adapter to them. */
  static async open(start: Trained, options: TrainerOptions = {}): Promise<Trainer> {
    const { adapter } = start;
    const { provider, bits = 32 } = options;
    checkProvider(provider ?? 'cpu');
    if (bits !== 32 && !adapter) {
      throw new EngineError(
        'bits',
        `training in ${bits} bits: expected an adapter, since weights that are learned have 32, found none; give one, or leave bits out`,
      );
    }
    const trainer = new Trainer(start, options);
    const { config, shared, optimizer } = trainer;
    trainer.held = adapter && Held.of(start);
    try {
      const beside = await trainer.held?.inBits(bits, start);
      trainer.replicas = await Remote.start(
        'replica',
        shared.gradients.map((_, index) => ({
          config,
          index,
          shared,
          optimizer,
          provider,
          // Not the adapter's weights, which are among what is shared.
          ...(adapter && beside && { adapter: { ...shapeOf(adapter), beside } }),
        })),
      );
    } catch (error) {
      await trainer.held?.release();
      throw error;
    }
    return trainer;
  }

  /** One update at learning rate `rate` from the mean gradient over the batch's targets. */
  async step(batch: readonly Example[], rate: number): Promise<StepReport> {
    const work = this.cut(batch);
    const losses = await Promise.all(
      this.replicas.map((replica, i) => replica.call('gradient', work.shares[i]!)),
    );
    const squares = await Promise.all(this.replicas.map((replica) => replica.call('reduce')));
    const gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b, 0)) / work.weight;
    const loss = losses.reduce((a, b) => a + b, 0) / work.weight;
    if (!Number.isFinite(gradientNorm) || !Number.isFinite(loss)) {
      throw new EngineError(
        'diverged',
        `update ${this.updates + 1}: loss ${loss}, gradient norm ${gradientNorm}; lower the learning rate`,
      );
    }
    const clip = Math.min(1, this.optimizer.clip / (gradientNorm + 1e-12));
    const update = { step: ++this.updates, rate, gradientScale: clip / work.weight };
    await Promise.all(this.replicas.map((replica) => replica.call('update', update)));
    return { loss, gradientNorm, tokens: work.tokens, computed: work.computed };
  }

  /** Mean loss over the batch's targets, nothing learned. */
  async loss(batch: readonly Example[]): Promise<number> {
    const work = this.cut(batch);
    const losses = await Promise.all(
      this.replicas.map((replica, i) => replica.call('loss', work.shares[i]!)),
    );
    return losses.reduce((a, b) => a + b, 0) / work.weight;
  }

  /** The model's weights: those learned so far, or those that an adapter was learned on. */
  weights(): Weights {
    return this.start.adapter ? this.start.weights : this.learned();
  }

  /** The adapter learned so far; undefined where all weights are learned. */
  adapter(): Adapter | undefined {
    return this.start.adapter && { ...this.start.adapter, weights: this.learned() };
  }

  /** A copy of the state, for a file. */
  state(): TrainerState {
    const copy = (buffer: SharedArrayBuffer) => Float32Array.from(new Float32Array(buffer));
    const { parameters, first, second } = this.shared;
    return {
      step: this.updates,
      parameters: copy(parameters),
      first: copy(first),
      second: copy(second),
    };
  }

  /** Goes on from a state that `state` gave. */
  restore(state: TrainerState): void {
    for (const name of ['parameters', 'first', 'second'] as const) {
      if (state[name].length !== this.layout.size) {
        throw new EngineError(
          'state',
          `${name}: expected ${this.layout.size} values for this model, got ${state[name].length}`,
        );
      }
      new Float32Array(this.shared[name]).set(state[name]);
    }
    this.updates = state.step;
  }

  async close(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.close()));
    await this.held?.release();
  }

  private learned(): Weights {
    return unflatten(this.layout, new Float32Array(this.shared.parameters));
  }

  /** Micro-batches dealt to the replicas, and what they weigh. */
  private cut(batch: readonly Example[]) {
    const shares = dealt(batch, this.config, this.shared.gradients.length, this.trees);
    const all = shares.flat();
    const weight = all.reduce((sum, { weights }) => sum + weights.reduce((a, b) => a + b, 0), 0);
    if (!(weight > 0))
      throw new EngineError('example', 'no position of the batch has a target: nothing to learn');
    const tokens = batch.reduce((sum, example) => sum + example.tokens.length, 0);
    const computed = all.reduce((sum, work) => sum + positionsIn(work), 0);
    return { shares, weight, tokens, computed };
  }
}

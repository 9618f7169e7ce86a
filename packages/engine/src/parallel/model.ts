/** A model opened for sampling and scoring on worker threads. */
import { EngineError } from '../error.js';
import type { Adapter, ModelWeights } from '../llama/index.js';
import { checkProvider, type Provider } from '../onnx/index.js';
import type { Drawn, GenerateResult, GenerateTask, ScoreTask } from '../sample/index.js';
import { type Bits, Held } from './held.js';
import { Pool } from './pool.js';

export interface ModelOptions {
  /** Worker threads, which models on the same weights have in common; results do not depend on it. Default 2. */
  readonly workers?: number;
  /** Branches sampled at once in each worker. Default 256. */
  readonly rows?: number;
  /** Whether what scored sequences begin with alike is computed once. Default true. */
  readonly trees?: boolean;
  /**
   * 8 rounds weights and what is multiplied with them to 8 bits: faster, above all where the processor has products of
   * bytes (AVX-512 VNNI), and what comes out is near what 32 give, not equal to it. Default 32.
   */
  readonly bits?: Bits | undefined;
  /** Where to compute, one of `availableProviders()`. Default `cpu`. */
  readonly provider?: Provider | undefined;
}

export class Model {
  private readonly held: Held;
  private readonly pool: Pool;
  private readonly number: number;
  private closed = false;
  /** Calls that are not answered yet. */
  private readonly calls = new Set<Promise<unknown>>();

  private constructor(held: Held, pool: Pool, number: number) {
    this.held = held;
    this.pool = pool;
    this.number = number;
  }

  /**
   * Opens it on worker threads. Models on the same `weights`, each with an adapter of its own or none, have them in memory
   * once, and the threads in common; an adapter is computed beside them, which `mergeAdapter` would spare.
   */
  static async open(
    model: ModelWeights & { readonly adapter?: Adapter },
    options: ModelOptions = {},
  ): Promise<Model> {
    const { config, adapter } = model;
    const { workers = 2, rows = 256, trees = true, bits = 32, provider } = options;
    checkProvider(provider ?? 'cpu');
    const held = Held.of(model);
    try {
      const frozen = await held.inBits(bits, model);
      const beside = adapter && { adapter: await held.adapter(config, adapter) };
      const pool = Pool.of(held, workers);
      const number = await pool.add({ config, frozen, rows, trees, provider, ...beside });
      return new Model(held, pool, number);
    } catch (error) {
      await held.release();
      throw error;
    }
  }

  /** Runs one task on the next free worker; `onDrawn` is told of its tokens as they are drawn. */
  generate(task: GenerateTask, onDrawn?: (drawn: Drawn[]) => void): Promise<GenerateResult> {
    return this.call(() =>
      this.pool.with((decoders) =>
        onDrawn
          ? decoders.callAndHear('generate', onDrawn, this.number, task)
          : decoders.call('generate', this.number, task),
      ),
    );
  }

  /**
   * Log-probabilities of the labels at each position of each item: [item][position][label], in nats. `onComputed` is told how
   * many positions were run through the model: what several sequences begin with counts once.
   */
  async score(task: ScoreTask, onComputed?: (positions: number) => void): Promise<number[][][]> {
    const { scores, computed } = await this.call(() =>
      this.pool.with((decoders) => decoders.call('score', this.number, task)),
    );
    onComputed?.(computed);
    return scores;
  }

  /** Ends it after the calls made so far. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    await Promise.allSettled(this.calls);
    await this.pool.remove(this.number);
    await this.held.release();
  }

  private async call<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) throw new EngineError('closed', 'the model was closed');
    const answer = work();
    this.calls.add(answer);
    try {
      return await answer;
    } finally {
      this.calls.delete(answer);
    }
  }
}

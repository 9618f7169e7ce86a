/** A model opened for sampling and scoring on worker threads. */
import type { Adapter, ModelWeights } from '../llama/index.js';
import { checkProvider, type Provider } from '../onnx/index.js';
import type { Decoder, Drawn, GenerateResult, GenerateTask, ScoreTask } from '../sample/index.js';
import { Remote } from '../worker/index.js';
import { Held } from './held.js';

export interface ModelOptions {
  /** Worker threads; results do not depend on it. Default 2. */
  readonly workers?: number;
  /** Branches sampled at once in each worker. Default 256. */
  readonly rows?: number;
  /** Whether what scored sequences begin with alike is computed once. Default true. */
  readonly trees?: boolean;
  /** Where to compute, one of `availableProviders()`. Default `cpu`. */
  readonly provider?: Provider | undefined;
}

export class Model {
  private readonly held: Held;
  private readonly decoders: Remote<Decoder>[];
  private readonly idle: Remote<Decoder>[];
  private readonly queue: ((decoder: Remote<Decoder>) => void)[] = [];

  private constructor(held: Held, decoders: Remote<Decoder>[]) {
    this.held = held;
    this.decoders = decoders;
    this.idle = [...decoders];
  }

  /**
   * Starts the workers. Models on the same `weights`, each with an adapter of its own or none, hold them in memory once; an
   * adapter is computed beside them, which `mergeAdapter` would spare.
   */
  static async open(
    model: ModelWeights & { readonly adapter?: Adapter },
    options: ModelOptions = {},
  ): Promise<Model> {
    const { config, adapter } = model;
    const { workers = 2, rows = 256, trees = true, provider } = options;
    checkProvider(provider ?? 'cpu');
    const held = Held.of(model);
    try {
      const frozen = await held.frozen;
      const beside = adapter && { adapter: await held.adapter(config, adapter) };
      const one = { config, frozen, rows, trees, provider, ...beside };
      return new Model(held, await Remote.start('decoder', Array<typeof one>(workers).fill(one)));
    } catch (error) {
      await held.release();
      throw error;
    }
  }

  /** Runs one task on the next free worker; `onDrawn` is told of its tokens as they are drawn. */
  generate(task: GenerateTask, onDrawn?: (drawn: Drawn[]) => void): Promise<GenerateResult> {
    return this.with((decoder) =>
      onDrawn ? decoder.callAndHear('generate', onDrawn, task) : decoder.call('generate', task),
    );
  }

  /**
   * Log-probabilities of the labels at each position of each item: [item][position][label], in nats. `onComputed` is told how
   * many positions were run through the model: what several sequences begin with counts once.
   */
  async score(task: ScoreTask, onComputed?: (positions: number) => void): Promise<number[][][]> {
    const { scores, computed } = await this.with((decoder) => decoder.call('score', task));
    onComputed?.(computed);
    return scores;
  }

  async close(): Promise<void> {
    await Promise.all(this.decoders.map((decoder) => decoder.close()));
    await this.held.release();
  }

  private async with<T>(work: (decoder: Remote<Decoder>) => Promise<T>): Promise<T> {
    const decoder =
      this.idle.pop() ??
      (await new Promise<Remote<Decoder>>((resolve) => this.queue.push(resolve)));
    try {
      return await work(decoder);
    } finally {
      const next = this.queue.shift();
      if (next) next(decoder);
      else this.idle.push(decoder);
    }
  }
}

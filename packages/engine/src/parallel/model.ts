/** A model opened for sampling and scoring on worker threads. */
import { type Adapter, flatten, layoutOf, type ModelWeights } from '../llama/index.js';
import { checkProvider, type Provider } from '../onnx/index.js';
import type { Decoder, Drawn, GenerateResult, GenerateTask, ScoreTask } from '../sample/index.js';
import { Remote } from '../worker/index.js';

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
  private readonly decoders: Remote<Decoder>[];
  private readonly idle: Remote<Decoder>[];
  private readonly queue: ((decoder: Remote<Decoder>) => void)[] = [];

  private constructor(decoders: Remote<Decoder>[]) {
    this.decoders = decoders;
    this.idle = [...decoders];
  }

  /** Starts the workers; an adapter is computed beside the weights, which `mergeAdapter` would spare. */
  static async open(
    { config, weights, adapter }: ModelWeights & { readonly adapter?: Adapter },
    options: ModelOptions = {},
  ): Promise<Model> {
    const layout = layoutOf(config);
    const parameters = new SharedArrayBuffer(4 * layout.size);
    flatten(layout, weights, new Float32Array(parameters));
    const { workers = 2, rows = 256, trees = true, provider } = options;
    checkProvider(provider ?? 'cpu');
    return new Model(
      await Remote.start(
        'decoder',
        Array.from({ length: workers }, () => ({
          config,
          parameters,
          rows,
          trees,
          provider,
          ...(adapter && { adapter }),
        })),
      ),
    );
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

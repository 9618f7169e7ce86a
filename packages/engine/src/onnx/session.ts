/** Runs a compiled graph on ONNX Runtime. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EngineError } from '../error.js';
import type { Value } from '../graph/index.js';
import { writeModel } from './model.js';
import { availableProviders, checkProvider, type Provider } from './provider.js';

export { Tensor };
export type Feeds = Record<string, Tensor>;

export interface SessionOptions {
  /** Threads inside one operation. 1 by default: the engine runs one session in each worker thread. */
  readonly threads?: number;
  /** Where to run; operations that it lacks run on the CPU. Default `cpu`. */
  readonly provider?: Provider | undefined;
  /**
   * The folder of the graph's stored numbers, which are mapped and not packed, so that they are in memory once for all
   * sessions.
   */
  readonly store?: string | undefined;
}

export class Session {
  private readonly session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.session = session;
  }

  /**
   * Compiles the graph. Throws `EngineError` "provider-unavailable" for a provider that ONNX Runtime does not have here,
   * "provider-failed" for one that has no device or misses its libraries.
   */
  static async compile(
    outputs: Readonly<Record<string, Value>>,
    options: SessionOptions = {},
  ): Promise<Session> {
    const { provider = 'cpu' } = options;
    checkProvider(provider);
    const session = await create(outputs, options.store, {
      executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
      intraOpNumThreads: options.threads ?? 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      // A plan of memory is kept for every shape that is run, and shapes are many here; nothing is faster with it.
      enableMemPattern: false,
      logSeverityLevel: provider === 'cpu' ? 3 : 4,
    }).catch((cause: Error) => {
      if (provider === 'cpu') throw cause;
      throw new EngineError(
        'provider-failed',
        `execution provider "${provider}": expected a device and its libraries, found: ${cause.message}; install them, or choose another of ${availableProviders().join(', ')}`,
        { cause },
      );
    });
    return new Session(session);
  }

  /** Computes the graph for the outputs in `only`: the others are not copied. */
  async runFor(feeds: Feeds, only: readonly string[]): Promise<Record<string, Tensor>> {
    const fetches = Object.fromEntries(only.map((name) => [name, null]));
    return this.session.run(feeds, fetches) as Promise<Record<string, Tensor>>;
  }

  /** Computes the outputs; those given in `into` are written in place. */
  async run(feeds: Feeds, into: Record<string, Tensor> = {}): Promise<Record<string, Tensor>> {
    const fetches: Record<string, Tensor | null> = {};
    for (const name of this.session.outputNames) fetches[name] = into[name] ?? null;
    return this.session.run(feeds, fetches) as Promise<Record<string, Tensor>>;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

function create(
  outputs: Readonly<Record<string, Value>>,
  store: string | undefined,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  if (store === undefined) return InferenceSession.create(writeModel(outputs), options);
  return InferenceSession.create(writeModel(outputs), {
    ...options,
    extra: {
      session: {
        model_external_initializers_file_folder_path: store,
        // A packed matrix is a copy of its own in each session.
        disable_prepacking: '1',
      },
    },
  });
}

/** The numbers of a float32 output; throws `EngineError` "graph" where there is none of that name. */
export function floats(outputs: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  const data = outputs[name]?.data;
  if (data instanceof Float32Array) return data;
  throw new EngineError(
    'graph',
    `expected a float32 output "${name}", got ${Object.keys(outputs)}`,
  );
}

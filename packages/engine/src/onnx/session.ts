/** Runs a compiled graph on ONNX Runtime. */
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { EngineError } from '../error.js';
import type { Value } from '../graph/index.js';
import { constantBytes, writeModel } from './model.js';
import { availableProviders, checkProvider, type Provider } from './provider.js';

export { Tensor };
export type Feeds = Record<string, Tensor>;

export interface SessionOptions {
  /** Threads inside one operation. 1 by default: the engine runs one session in each worker thread. */
  readonly threads?: number;
  /** Where to run; operations that it lacks run on the CPU. Default `cpu`. */
  readonly provider?: Provider | undefined;
  /** Bytes of constants beyond which they go through a file. */
  readonly inMemory?: number;
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
    const session = await create(outputs, options.inMemory ?? MOST_IN_MEMORY, {
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
  async run(feeds: Feeds, into?: Record<string, Tensor>): Promise<Record<string, Tensor>> {
    if (!into) return this.session.run(feeds) as Promise<Record<string, Tensor>>;
    const fetches: Record<string, Tensor | null> = {};
    for (const name of this.session.outputNames) fetches[name] = into[name] ?? null;
    return this.session.run(feeds, fetches) as Promise<Record<string, Tensor>>;
  }

  async release(): Promise<void> {
    await this.session.release();
  }
}

/** ONNX Runtime takes no model of 2 GiB, and copies what it is given in memory; a file it maps. */
const MOST_IN_MEMORY = 2 ** 27;
/** Constants below this stay in the model. */
const SMALL = 2 ** 16;

async function create(
  outputs: Readonly<Record<string, Value>>,
  inMemory: number,
  options: InferenceSession.SessionOptions,
): Promise<InferenceSession> {
  if (constantBytes(outputs) <= inMemory) {
    return InferenceSession.create(writeModel(outputs), options);
  }
  const folder = await mkdtemp(join(tmpdir(), 'glore-graph-'));
  try {
    const parts: Uint8Array[] = [];
    let end = 0;
    const name = 'constants';
    const place = (bytes: Uint8Array): number => {
      const at = end;
      parts.push(bytes);
      end += Math.ceil(bytes.length / SMALL) * SMALL;
      return at;
    };
    const model = writeModel(outputs, { name, from: SMALL, place });
    const file = await open(join(folder, name), 'w');
    try {
      // Each begins at a page of every system, so that the file can be mapped.
      for (const bytes of parts) {
        await file.writeFile(bytes);
        await file.writeFile(new Uint8Array((SMALL - (bytes.length % SMALL)) % SMALL));
      }
    } finally {
      await file.close();
    }
    const path = join(folder, 'model.onnx');
    await writeFile(path, model);
    return await InferenceSession.create(path, options);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new EngineError(
      'graph-unwritten',
      `${folder}: expected room for a model's weights, found ${code}; free some space, or set TMPDIR to a folder that has it`,
      { cause },
    );
  } finally {
    // Where a system keeps a mapped file, its own cleaning takes it.
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
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

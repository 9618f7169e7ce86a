/** Runs a compiled graph on ONNX Runtime. */
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Value } from '../graph/index.js';
import { writeModel } from './model.js';

export { Tensor };
export type Feeds = Record<string, Tensor>;

export interface SessionOptions {
  /** Threads inside one operation. 1 by default: the engine runs one session in each worker thread. */
  readonly threads?: number;
}

export class Session {
  private readonly session: InferenceSession;

  private constructor(session: InferenceSession) {
    this.session = session;
  }

  static async compile(
    outputs: Readonly<Record<string, Value>>,
    options: SessionOptions = {},
  ): Promise<Session> {
    const session = await InferenceSession.create(writeModel(outputs), {
      executionProviders: ['cpu'],
      intraOpNumThreads: options.threads ?? 1,
      interOpNumThreads: 1,
      executionMode: 'sequential',
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
    });
    return new Session(session);
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

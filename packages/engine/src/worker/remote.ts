/**
 * Services that run in worker threads. `session.run` works on the calling thread, so parallelism over data needs
 * threads, and the main thread stays free for progress and Ctrl-C.
 */
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { EngineError } from '../error.js';
import type { Call, Opened, Reply, Services } from './protocol.js';

type Method<S, K extends keyof S> = S[K] extends (...values: infer A) => infer R
  ? (...values: A) => Promise<Awaited<R>>
  : never;

/** One service in one thread. */
export class Remote<S extends object> {
  private readonly worker: Worker;
  private readonly waiting = new Map<
    number,
    {
      resolve: (value: never) => void;
      reject: (error: Error) => void;
      hear: ((event: never) => void) | undefined;
    }
  >();
  private nextId = 0;
  /** Settled once the last call is answered. */
  private last: Promise<unknown> = Promise.resolve();
  private failure: Error | undefined;

  private constructor(service: string) {
    // Resolved through the package's own exports, so that it is the compiled file also when tests run from source.
    const path = createRequire(import.meta.url).resolve('@glore/engine/worker');
    this.worker = new Worker(path, { workerData: { service } });
    this.worker.on('message', (reply: Reply) => {
      const waiter = this.waiting.get(reply.id);
      if (reply.event !== undefined) {
        waiter?.hear?.(reply.event as never);
        return;
      }
      this.waiting.delete(reply.id);
      if (reply.error)
        waiter?.reject(new EngineError(reply.error.code ?? 'worker', reply.error.message));
      else waiter?.resolve(reply.result as never);
    });
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) =>
      this.fail(new EngineError('worker', `a worker thread ended with code ${code}`)),
    );
  }

  /** Starts a thread of one service for each of the options, and opens it with them. */
  static async start<K extends keyof Services>(
    service: K,
    options: readonly Parameters<Services[K]['open']>[0][],
  ): Promise<Remote<Opened<K>>[]> {
    return Promise.all(
      options.map(async (one) => {
        const remote = new Remote<Opened<K>>(service);
        await remote.send('open', [one]);
        return remote;
      }),
    );
  }

  /** Calls a method of the service; calls are answered in order. */
  call<M extends keyof S & string>(
    method: M,
    ...values: Parameters<Method<S, M>>
  ): ReturnType<Method<S, M>> {
    return this.send(method, values) as ReturnType<Method<S, M>>;
  }

  /** Calls a method whose last argument takes its progress: `hear` is told of it, in order, before the answer. */
  callAndHear<M extends keyof S & string, E>(
    method: M,
    hear: (event: E) => void,
    ...values: Parameters<Method<S, M>>
  ): ReturnType<Method<S, M>> {
    return this.send(method, values, hear) as ReturnType<Method<S, M>>;
  }

  private send(
    method: string,
    values: readonly unknown[],
    hear?: (event: never) => void,
  ): Promise<unknown> {
    if (this.failure) return Promise.reject(this.failure);
    const id = this.nextId++;
    const answer = new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, hear });
      this.worker.postMessage({ id, method, values, hear: hear !== undefined } satisfies Call);
    });
    this.last = answer.catch(() => {});
    return answer;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    for (const waiter of this.waiting.values()) waiter.reject(this.failure);
    this.waiting.clear();
  }

  /** Ends the thread after the calls made so far: ending it within `session.run` would end the whole process. */
  async close(): Promise<void> {
    this.failure ??= new EngineError('closed', 'the worker was closed');
    await this.last;
    await this.worker.terminate();
  }
}

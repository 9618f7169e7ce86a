/**
 * One model for many requests at once: what arrives within a few milliseconds, and while its workers are busy, becomes
 * one task of the engine. Rows of a batch do not see each other, so each request gets what it would have got alone.
 */
import type {
  Checkpoint,
  Completion,
  Drawn,
  GenerateResult,
  GenerateTask,
  LlamaConfig,
  Model,
  ScoreTask,
} from '@glore/engine';
import { EngineError } from '@glore/engine';
import { mostPositions, partsOf, positionsOf } from './parts.js';

/** What a request may do while it waits for its answer. */
export interface Waiting {
  /** Once aborted, the request is left: its promise is rejected with the reason, and its rows end. */
  readonly signal?: AbortSignal | undefined;
  /** Told of the tokens as they are drawn; gives the branches of which there is enough. */
  readonly hear?: ((drawn: readonly Drawn[]) => readonly number[]) | undefined;
}

/** A batch that was run. */
export interface Batch {
  readonly kind: 'generate' | 'score';
  readonly requests: number;
  readonly rows: number;
  readonly seconds: number;
}

export interface BatcherOptions {
  /** Worker threads of the model: so many batches run at once. */
  readonly workers: number;
  /** Milliseconds for which the first request of a batch waits for others. */
  readonly wait: number;
  readonly onBatch?: ((batch: Batch) => void) | undefined;
}

interface Job<Task, Result> {
  readonly task: Task;
  /** Jobs with equal keys can go into one task. */
  readonly key: string;
  readonly rows: number;
  /** Its share of what goes into one batch. */
  readonly share: number;
  readonly waiting: Waiting;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
  /** Ends the job's rows in the batch that it is part of. */
  leave: () => void;
}
type Generating = Job<GenerateTask, GenerateResult> & { readonly kind: 'generate' };
type Scoring = Job<ScoreTask, number[][][]> & { readonly kind: 'score' };

/** Rows sampled in one batch, unless a single request has more: as many as a worker samples at once. */
const mostRows = 256;

export class Batcher {
  readonly config: LlamaConfig;
  private readonly model: Model;
  private readonly options: BatcherOptions;
  /** Why the model answers no more: a worker of it has ended, or it computes no numbers. */
  failure: Error | undefined;
  private queue: (Generating | Scoring)[] = [];
  private running = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(model: Model, { config }: Pick<Checkpoint, 'config'>, options: BatcherOptions) {
    this.model = model;
    this.config = config;
    this.options = options;
  }

  /** As `Model.generate`. @throws EngineError `length`, `token`; the signal's reason */
  generate(task: GenerateTask, waiting: Waiting = {}): Promise<GenerateResult> {
    const { contexts, temperature, maxTokens, stop, logprobs } = task;
    const rows = contexts.reduce((sum, { branches }) => sum + branches.length, 0);
    if (rows === 0) {
      return Promise.resolve({ completions: contexts.map(() => []), prefilled: 0, generated: 0 });
    }
    return this.submit((resolve, reject) => {
      // A sampled sequence needs room for at least one more token.
      for (const { tokens } of contexts) this.check(tokens, this.config.maxPositions - 1);
      const key = JSON.stringify(['generate', temperature, maxTokens, stop, logprobs]);
      const share = rows / mostRows;
      const settled = { waiting, resolve, reject, leave: () => {} };
      return { kind: 'generate', task, key, rows, share, ...settled };
    }, waiting.signal);
  }

  /** As `Model.score`, in parts between which others have their turn. @throws as `generate` */
  async score({ items, labels }: ScoreTask, waiting: Waiting = {}): Promise<number[][][]> {
    for (const { tokens } of items) this.check(tokens, this.config.maxPositions);
    const key = JSON.stringify(['score', labels]);
    const scores: number[][][] = [];
    for (const part of partsOf(items)) {
      const task = { items: part, labels };
      const rows = part.length;
      const share = positionsOf(part) / mostPositions;
      const scored = await this.submit<number[][][]>((resolve, reject) => {
        const settled = { waiting, resolve, reject, leave: () => {} };
        return { kind: 'score', task, key, rows, share, ...settled };
      }, waiting.signal);
      scores.push(...scored);
    }
    return scores;
  }

  /** The same model as one request sees it. */
  for(signal: AbortSignal | undefined): Pick<Model, 'generate' | 'score'> {
    return {
      generate: (task, onDrawn) =>
        this.generate(task, { signal, hear: onDrawn && hearingAll(onDrawn) }),
      score: (task) => this.score(task, { signal }),
    };
  }

  async close(): Promise<void> {
    clearTimeout(this.timer);
    await this.model.close();
  }

  /** One bad sequence must not fail a batch, so each is looked at before it joins one. @throws EngineError */
  check(tokens: readonly number[], most: number): void {
    if (tokens.length === 0) throw new EngineError('length', 'a sequence has no tokens');
    if (tokens.length > most) {
      throw new EngineError(
        'length',
        `a sequence has ${tokens.length} tokens; the model takes at most ${most}`,
      );
    }
    this.checkIds(tokens);
  }

  /** @throws EngineError `token` for an id that is none of the model's */
  checkIds(ids: readonly number[]): void {
    const { vocabSize } = this.config;
    const strange = ids.find((id) => !(Number.isInteger(id) && id >= 0 && id < vocabSize));
    if (strange === undefined) return;
    throw new EngineError('token', `token ${strange} is outside the vocabulary of ${vocabSize}`);
  }

  private submit<R>(
    make: (resolve: (result: R) => void, reject: (error: unknown) => void) => Generating | Scoring,
    signal: AbortSignal | undefined,
  ): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      signal?.throwIfAborted();
      const stay = () => signal?.removeEventListener('abort', leave);
      const job = make(
        (result) => {
          stay();
          resolve(result);
        },
        (error) => {
          stay();
          reject(error);
        },
      );
      const leave = () => {
        this.queue = this.queue.filter((other) => other !== job);
        job.leave();
        reject(signal!.reason);
      };
      signal?.addEventListener('abort', leave, { once: true });
      this.queue.push(job);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.timer || this.queue.length === 0 || this.running >= this.options.workers) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.dispatch();
    }, this.options.wait);
  }

  /** Takes what can go with the oldest job, and spreads it over the free workers. */
  private dispatch(): void {
    const [oldest] = this.queue;
    const free = this.options.workers - this.running;
    if (!oldest || free === 0) return;
    const parts: (Generating | Scoring)[][] = Array.from({ length: free }, () => []);
    const shares = parts.map(() => 0);
    this.queue = this.queue.filter((job) => {
      const least = shares.indexOf(Math.min(...shares));
      const taken = shares[least]!;
      if (job.key !== oldest.key || (taken > 0 && taken + job.share > 1)) return true;
      parts[least]!.push(job);
      shares[least] = taken + job.share;
      return false;
    });
    for (const jobs of parts) if (jobs.length > 0) void this.run(jobs);
    this.dispatch();
  }

  private async run(jobs: readonly (Generating | Scoring)[]): Promise<void> {
    const [{ kind }] = jobs as [Generating | Scoring];
    const rows = jobs.reduce((sum, job) => sum + job.rows, 0);
    const began = performance.now();
    this.running++;
    try {
      await this.generateAll(jobs.filter((job) => job.kind === 'generate'));
      await this.scoreAll(jobs.filter((job) => job.kind === 'score'));
    } catch (error) {
      if (error instanceof EngineError && ['worker', 'closed', 'not-finite'].includes(error.code)) {
        this.failure = error;
      }
      for (const { reject } of jobs) reject(error);
    } finally {
      this.running--;
      const seconds = (performance.now() - began) / 1000;
      this.options.onBatch?.({ kind, requests: jobs.length, rows, seconds });
      this.schedule();
    }
  }

  private async generateAll(jobs: readonly Generating[]): Promise<void> {
    const [first] = jobs;
    if (!first) return;
    const flags = new SharedArrayBuffer(4 * jobs.reduce((sum, { rows }) => sum + rows, 0));
    const left = new Int32Array(flags);
    // Where each job's branches begin among those of the batch.
    const starts: number[] = [];
    const owners: number[] = [];
    jobs.forEach((job, i) => {
      const start = owners.length;
      starts.push(start);
      for (let k = 0; k < job.rows; k++) owners.push(i);
      job.leave = () => {
        for (let k = 0; k < job.rows; k++) Atomics.store(left, start + k, 1);
      };
    });
    const hear = (drawn: readonly Drawn[]): void => {
      const byJob: Drawn[][] = jobs.map(() => []);
      for (const one of drawn) {
        const i = owners[one.branch]!;
        byJob[i]!.push({ ...one, branch: one.branch - starts[i]! });
      }
      jobs.forEach(({ waiting }, i) => {
        if (byJob[i]!.length === 0) return;
        for (const enough of waiting.hear?.(byJob[i]!) ?? []) {
          Atomics.store(left, starts[i]! + enough, 1);
        }
      });
    };
    const { completions } = await this.model.generate(
      { ...first.task, contexts: jobs.flatMap(({ task }) => task.contexts), left: flags },
      jobs.some(({ waiting }) => waiting.hear) ? hear : undefined,
    );
    let at = 0;
    for (const { task, resolve } of jobs) {
      const own = completions.slice(at, at + task.contexts.length);
      at += task.contexts.length;
      resolve({
        completions: own,
        prefilled: task.contexts.reduce((sum, { tokens }) => sum + tokens.length, 0),
        generated: own.flat().reduce((sum, { tokens }: Completion) => sum + tokens.length, 0),
      });
    }
  }

  private async scoreAll(jobs: readonly Scoring[]): Promise<void> {
    const [first] = jobs;
    if (!first) return;
    const scores = await this.model.score({
      items: jobs.flatMap(({ task }) => task.items),
      labels: first.task.labels,
    });
    let at = 0;
    for (const { task, resolve } of jobs) {
      resolve(scores.slice(at, at + task.items.length));
      at += task.items.length;
    }
  }
}

/** Hears of every token: there is never enough. */
const hearingAll =
  (onDrawn: (drawn: Drawn[]) => void): Waiting['hear'] =>
  (drawn) => {
    onDrawn([...drawn]);
    return [];
  };

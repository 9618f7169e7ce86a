/** Draws the tokens of a task's branches and keeps what they have become. */
import type { Predictions } from './predictions.js';
import { uniform } from './random.js';
import type { Branch } from './rows.js';
import type { Completion, Drawn, GenerateTask } from './task.js';

export class Draws {
  /** By context and branch, as they end. */
  readonly completions: Completion[][];
  private readonly task: GenerateTask;
  private readonly limit: number;
  private readonly emit: ((drawn: Drawn[]) => void) | undefined;
  private readonly stop: ReadonlySet<number>;
  private readonly left: Int32Array | undefined;
  private drawn: Drawn[] = [];

  /** A branch has at most `limit` positions. */
  constructor(task: GenerateTask, limit: number, emit?: (drawn: Drawn[]) => void) {
    this.task = task;
    this.limit = limit;
    this.emit = emit;
    this.completions = task.contexts.map(() => []);
    this.stop = new Set(task.stop);
    this.left = task.left && new Int32Array(task.left);
  }

  /**
   * Draws a token for each of some branches of `length` positions from one row of predictions. Those that go on, one group
   * for each token.
   */
  split(
    branches: readonly Branch[],
    length: number,
    predictions: Predictions,
    row: number,
  ): Branch[][] {
    const { temperature, maxTokens } = this.task;
    const choose = predictions.choice(row);
    const groups = new Map<number, Branch[]>();
    for (const branch of branches) {
      const { tokens, seed, number } = branch;
      if (this.left && Atomics.load(this.left, number) !== 0) {
        this.end(branch, 'left');
        continue;
      }
      const token = choose(temperature === 0 ? 0 : uniform(seed, tokens.length));
      tokens.push(token);
      const wanted = this.task.logprobs;
      const logprobs = wanted && predictions.logprobs(row, token, wanted);
      if (logprobs) branch.logprobs.push(logprobs);
      if (this.emit) this.drawn.push({ branch: number, token, ...(logprobs && { logprobs }) });
      if (this.stop.has(token)) this.end(branch, 'stop');
      else if (tokens.length >= maxTokens || length + 1 >= this.limit) this.end(branch, 'length');
      else {
        const group = groups.get(token);
        if (group) group.push(branch);
        else groups.set(token, [branch]);
      }
    }
    return [...groups.values()];
  }

  /** Tells of what was drawn since the last time. */
  tell(): void {
    if (!this.emit || this.drawn.length === 0) return;
    this.emit(this.drawn);
    this.drawn = [];
  }

  private end({ context, index, tokens, logprobs }: Branch, finish: Completion['finish']): void {
    this.completions[context]![index] = {
      tokens,
      finish,
      ...(this.task.logprobs && { logprobs }),
    };
  }
}

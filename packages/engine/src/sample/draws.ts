/** Draws the tokens of a task's branches and keeps what they have become. */
import type { Predictions, Wanted } from './predictions.js';
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
   * Takes a token for each of some branches of `length` positions from one row of predictions, by the draws from `first` on.
   * Those that go on, one group for each token.
   */
  split(
    branches: readonly Branch[],
    length: number,
    predictions: Predictions,
    row: number,
    first: number,
  ): Branch[][] {
    const { maxTokens } = this.task;
    const tokenOf = predictions.tokens(row);
    const groups = new Map<number, Branch[]>();
    for (const [place, branch] of branches.entries()) {
      const { tokens, number } = branch;
      if (this.left && Atomics.load(this.left, number) !== 0) {
        this.end(branch, 'left');
        continue;
      }
      const token = tokenOf(first + place);
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

  /** What is wanted of rows for the next tokens of branches. */
  wanted(rows: readonly { readonly row: number; readonly branch: Branch }[]): Wanted {
    const { temperature, logprobs } = this.task;
    const draws = rows.map(({ row, branch: { seed, tokens } }) => ({
      row,
      random: temperature === 0 ? 0 : uniform(seed, tokens.length),
    }));
    return { kind: 'draws', temperature, draws, logprobs: logprobs !== undefined };
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

/**
 * The rows of a sampler's batch. Branches whose tokens so far are equal share one: its keys and values are computed once,
 * and the row is copied when they draw different tokens.
 */
import { Tensor } from '../onnx/index.js';
import type { Cache } from './cache.js';
import type { TokenLogprobs } from './logprobs.js';

/** One continuation of a context. */
export interface Branch {
  readonly context: number;
  /** Its place among those of its context. */
  readonly index: number;
  /** Its place among those of all contexts. */
  readonly number: number;
  readonly seed: number;
  readonly tokens: number[];
  readonly logprobs: TokenLogprobs[];
}

/** Branches with the same tokens so far, and the positions that are computed of them. */
export interface Row {
  readonly length: number;
  readonly branches: readonly Branch[];
}

/** Positions by which a cache grows. */
const GROWTH = 32;
/** Added to the score of a position that a row does not have. */
const BLOCKED = -1e9;

export class Rows {
  private readonly rows: Row[] = [];
  private readonly cache: Cache;
  private readonly limit: number;
  private readonly mask: Float32Array;

  /** Room for `most` rows of at most `limit` positions. The cache forgets what it had. */
  constructor(cache: Cache, most: number, limit: number) {
    this.cache = cache;
    this.limit = limit;
    cache.clear(most * limit);
    this.mask = new Float32Array(most * limit);
  }

  get count(): number {
    return this.rows.length;
  }

  /** Branches of all rows. */
  get branches(): number {
    return this.rows.reduce((sum, { branches }) => sum + branches.length, 0);
  }

  /** Each with its row's place in a step, in the order in which `advance` asks for them. */
  allBranches(): { row: number; branch: Branch }[] {
    return this.rows.flatMap(({ branches }, row) => branches.map((branch) => ({ row, branch })));
  }

  /** Takes in a row whose positions lie in row `from` of another cache. */
  add(row: Row, source: Cache, from: number): void {
    this.reserve(row.length + 1);
    this.cache.copyRow(source, from, this.rows.length, row.length);
    this.rows.push(row);
  }

  /** What a step reads: each row's last token, its position, and the cache before it. */
  feeds(): Record<string, Tensor> {
    const { rows, mask } = this;
    this.reserve(rows.reduce((most, { length }) => Math.max(most, length + 1), 0));
    // Attention reads the whole capacity, so it is kept near the longest row.
    const { capacity } = this.cache;
    rows.forEach(({ length }, i) => {
      mask.fill(0, i * capacity, i * capacity + length);
      mask.fill(BLOCKED, i * capacity + length, (i + 1) * capacity);
    });
    const integers = (of: (row: Row) => number) =>
      new Tensor(
        'int64',
        BigInt64Array.from(rows, (row) => BigInt(of(row))),
        [rows.length, 1],
      );
    return {
      ...this.cache.feeds(rows.length),
      tokens: integers(({ branches }) => branches[0]!.tokens.at(-1)!),
      positions: integers(({ length }) => length),
      mask: new Tensor('float32', mask.subarray(0, rows.length * capacity), [
        rows.length,
        1,
        1,
        1,
        capacity,
      ]),
    };
  }

  /**
   * Takes in a step's keys and values. `split` draws for the branches of the row at a place in the step, which is now
   * `length` long, and gives those that go on, one group for each token drawn.
   */
  advance(
    outputs: Record<string, Tensor>,
    split: (branches: readonly Branch[], length: number, at: number) => readonly Branch[][],
  ): void {
    const { rows, cache } = this;
    cache.append(
      outputs,
      rows.map(({ length }) => length),
    );
    const forks: { row: Row; from: number }[] = [];
    const free: number[] = [];
    rows.forEach((row, i) => {
      const length = row.length + 1;
      const [first, ...others] = split(row.branches, length, i);
      if (first) rows[i] = { length, branches: first };
      else free.push(i);
      for (const branches of others) forks.push({ row: { length, branches }, from: i });
    });
    // What is copied are rows that stay, so a copy can take the place of a row that ended.
    for (const { row, from } of forks) this.copy(row, from, free.pop() ?? rows.length);
    // From the last gap down, so that the row moved into one is not a gap itself.
    for (const gap of free.reverse()) {
      const last = rows.pop();
      if (last && gap < rows.length) this.copy(last, rows.length, gap);
    }
  }

  private copy(row: Row, from: number, to: number): void {
    this.cache.copyRow(this.cache, from, to, row.length);
    this.rows[to] = row;
  }

  private reserve(length: number): void {
    if (length <= this.cache.capacity) return;
    this.cache.grow(
      Math.min(this.limit, Math.ceil(length / GROWTH) * GROWTH),
      this.rows.map((row) => row.length),
    );
  }
}

/**
 * Batched sampling and scoring with a key-value cache, in one worker.
 *
 * A context's keys and values are computed once for all samples that start from it or from any prefix of it; rows
 * leave when they finish and waiting ones take their place, so the batch stays full. A task is computed in an order
 * fixed by the task alone: the same task gives the same tokens on any worker and after any restart.
 */
import { EngineError } from '../error.js';
import {
  type Adapter,
  fixedPositions,
  type LlamaConfig,
  positionLimit,
  type Weights,
} from '../hf/index.js';
import { sequenceGraph, stepGraph } from '../llama/cached.js';
import { rotaryAngles } from '../llama/layers.js';
import { layoutOf, unflatten } from '../llama/parameters.js';
import { type Provider, Session, Tensor } from '../onnx/index.js';
import { Cache } from './cache.js';
import { type LogprobsWanted, logprobsOf, logTotal, type TokenLogprobs } from './logprobs.js';
import { draw, uniform } from './random.js';

/** A sequence and the places to continue it from: after its first `length` tokens, once for each seed. */
export interface Context {
  readonly tokens: readonly number[];
  readonly branches: readonly { readonly length: number; readonly seed: number }[];
}

export interface GenerateTask {
  readonly contexts: readonly Context[];
  /** Most tokens to add to a branch. */
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** A row ends with the first of these (which is part of its completion). */
  readonly stop: readonly number[];
  /** Log-probabilities wanted with each drawn token. */
  readonly logprobs?: LogprobsWanted;
  /** An Int32 for each branch, counted over all contexts: nobody waits for the branch any more once it is not 0. */
  readonly left?: SharedArrayBuffer;
}

export interface Completion {
  readonly tokens: number[];
  readonly finish: 'stop' | 'length' | 'left';
  /** Of each token, where wanted. */
  readonly logprobs?: readonly TokenLogprobs[];
}

/** A token just drawn for a branch, counted over all contexts. */
export interface Drawn {
  readonly branch: number;
  readonly token: number;
  readonly logprobs?: TokenLogprobs;
}

export interface GenerateResult {
  /** By context and branch. */
  readonly completions: Completion[][];
  /** Positions run through the model: of contexts, and of continuations. */
  readonly prefilled: number;
  readonly generated: number;
}

export interface ScoreTask {
  readonly items: readonly {
    readonly tokens: readonly number[];
    readonly positions: readonly number[];
  }[];
  /** Token ids whose log-probabilities are wanted as the next token at each position. */
  readonly labels: readonly number[];
}

export interface DecoderOptions {
  readonly config: LlamaConfig;
  /** All weights, flat, in the order of `layoutOf`. */
  readonly parameters: SharedArrayBuffer;
  /** Added to the modules as they are computed. */
  readonly adapter?: Adapter;
  /** Rows sampled at once. */
  readonly rows: number;
  readonly provider?: Provider | undefined;
}

/** Contexts computed at once, at most this many positions. */
const PREFILL_POSITIONS = 2048;
/** Positions by which a cache grows. */
const GROWTH = 32;
/** Added to the score of a position that a row does not have. */
const BLOCKED = -1e9;

/** A sequence, and the positions after which logits are wanted. */
interface Item {
  readonly tokens: readonly number[];
  readonly positions: readonly number[];
}

interface Picked {
  readonly logits: Float32Array;
  /** By item and position the row in `logits`. */
  readonly at: readonly (readonly number[])[];
}

interface Row {
  readonly context: number;
  readonly branch: number;
  /** The branch, counted over all contexts. */
  readonly number: number;
  readonly seed: number;
  length: number;
  readonly tokens: number[];
  readonly logprobs: TokenLogprobs[];
}

export class Decoder {
  private options!: DecoderOptions;
  private sequences!: Session;
  private step!: Session;
  /** Of the rows that are being sampled. */
  private cache!: Cache;

  async open(options: DecoderOptions): Promise<void> {
    this.options = options;
    const flat = Float32Array.from(new Float32Array(options.parameters));
    const weights: Weights = unflatten(layoutOf(options.config), flat);
    if (options.adapter) {
      const { rank, alpha } = options.adapter;
      for (const [name, { shape, data }] of options.adapter.weights) {
        const scale = name.endsWith('.lora_B.weight') ? alpha / rank : 1;
        weights.set(name, { shape, data: data.map((value) => scale * value) });
      }
    }
    const { config, provider } = options;
    this.cache = Cache.allocate(config, 0, 0);
    this.sequences = await Session.compile(sequenceGraph(config, weights), { provider });
    this.step = await Session.compile(stepGraph(config, weights), { provider });
  }

  /** `emit` is told of the tokens of each step as they are drawn. */
  async generate(task: GenerateTask, emit?: (drawn: Drawn[]) => void): Promise<GenerateResult> {
    // Where positions follow the length, a long context's keys are not those of its prefixes: each is computed alone.
    const fixed = fixedPositions(this.options.config);
    if (task.contexts.every(({ tokens }) => tokens.length <= fixed)) return this.sample(task, emit);
    const flat = task.contexts.flatMap(({ tokens, branches }) =>
      branches.map((branch) => ({ tokens: tokens.slice(0, branch.length), branches: [branch] })),
    );
    const { completions, ...spent } = await this.sample({ ...task, contexts: flat }, emit);
    const each = completions.flat();
    return {
      ...spent,
      completions: task.contexts.map(({ branches }) => each.splice(0, branches.length)),
    };
  }

  private async sample(
    task: GenerateTask,
    emit?: (drawn: Drawn[]) => void,
  ): Promise<GenerateResult> {
    const { config, rows: capacity } = this.options;
    const { contexts, maxTokens, temperature } = task;
    const left = task.left && new Int32Array(task.left);
    const longest = contexts.reduce((most, { tokens }) => Math.max(most, tokens.length), 1);
    const most = positionLimit(config);
    const limit = Math.min(most, longest + maxTokens);
    if (longest >= most) {
      throw new EngineError(
        'length',
        `a context has ${longest} tokens; the model has ${most} positions`,
      );
    }
    const stop = new Set(task.stop);
    const completions: Completion[][] = contexts.map(() => []);
    const active: Row[] = [];
    // Attention reads the whole capacity at each step, so it is kept near the longest row and grown when one needs more.
    const { cache } = this;
    const branches = contexts.reduce((sum, context) => sum + context.branches.length, 0);
    const room = Math.min(capacity, branches) * limit;
    cache.clear(room);
    const mask = new Float32Array(room);
    let prefilled = 0;
    let generated = 0;
    let nextContext = 0;
    let nextNumber = 0;
    let drawn: Drawn[] = [];
    let waiting: { row: Row; cache: Cache; from: number; logits: Float32Array; at: number }[] = [];

    const reserve = (length: number): void => {
      if (length <= cache.capacity) return;
      cache.grow(
        Math.min(limit, Math.ceil(length / GROWTH) * GROWTH),
        active.map((row) => row.length),
      );
    };

    const end = (row: Row, finish: Completion['finish']): true => {
      const { tokens, logprobs } = row;
      const completion = { tokens, finish, ...(task.logprobs && { logprobs }) };
      completions[row.context]![row.branch] = completion;
      return true;
    };

    /** Appends the token drawn for a row; true if that ended it. */
    const extend = (row: Row, logits: Float32Array, at: number): boolean => {
      if (left && Atomics.load(left, row.number) !== 0) return end(row, 'left');
      const random = temperature === 0 ? 0 : uniform(row.seed, row.tokens.length);
      const start = at * config.vocabSize;
      const token = draw(logits, start, config.vocabSize, temperature, random);
      row.tokens.push(token);
      const logprobs =
        task.logprobs && logprobsOf(logits, start, config.vocabSize, token, task.logprobs);
      if (logprobs) row.logprobs.push(logprobs);
      if (emit) drawn.push({ branch: row.number, token, ...(logprobs && { logprobs }) });
      if (stop.has(token)) return end(row, 'stop');
      return row.tokens.length < maxTokens && row.length + 1 < limit ? false : end(row, 'length');
    };

    const tell = (): void => {
      if (!emit || drawn.length === 0) return;
      emit(drawn);
      drawn = [];
    };

    /** Fills free rows from the waiting branches, computing further contexts as they are needed. */
    const admit = async (): Promise<void> => {
      while (active.length < capacity) {
        if (waiting.length === 0) {
          if (nextContext === contexts.length) return;
          const first = nextContext;
          nextContext = prefillEnd(contexts, first);
          const part = contexts.slice(first, nextContext);
          const {
            cache: source,
            logits,
            at,
          } = await this.prefill(
            part.map(({ tokens, branches }) => ({
              tokens,
              positions: branches.map(({ length }) => length - 1),
            })),
          );
          prefilled += part.reduce((sum, { tokens }) => sum + tokens.length, 0);
          waiting = part.flatMap(({ branches }, i) =>
            branches.map(({ length, seed }, branch) => ({
              row: {
                context: first + i,
                branch,
                number: nextNumber++,
                seed,
                length,
                tokens: [],
                logprobs: [],
              },
              cache: source,
              from: i,
              logits,
              at: at[i]![branch]!,
            })),
          );
          waiting.reverse();
          continue;
        }
        const { row, cache: source, from, logits, at } = waiting.pop()!;
        if (extend(row, logits, at)) continue;
        reserve(row.length + 1);
        cache.copyRow(source, from, active.length, row.length);
        active.push(row);
      }
    };

    for (await admit(); active.length > 0; await admit()) {
      tell();
      const count = active.length;
      reserve(active.reduce((most, row) => Math.max(most, row.length + 1), 0));
      const positions = cache.capacity;
      active.forEach((row, i) => {
        mask.fill(0, i * positions, i * positions + row.length);
        mask.fill(BLOCKED, i * positions + row.length, (i + 1) * positions);
      });
      const outputs = await this.step.run({
        ...cache.feeds(count),
        tokens: new Tensor(
          'int64',
          BigInt64Array.from(active, (row) => BigInt(row.tokens.at(-1)!)),
          [count, 1],
        ),
        positions: new Tensor(
          'int64',
          BigInt64Array.from(active, (row) => BigInt(row.length)),
          [count, 1],
        ),
        mask: new Tensor('float32', mask.subarray(0, count * positions), [
          count,
          1,
          1,
          1,
          positions,
        ]),
      });
      cache.append(
        outputs,
        active.map((row) => row.length),
      );
      generated += count;
      const logits = outputs.logits!.data as Float32Array;
      // From the last row down, so that the row moved into a gap has been looked at already.
      for (let i = count - 1; i >= 0; i--) {
        const row = active[i]!;
        row.length++;
        if (!extend(row, logits, i)) continue;
        const moved = active.pop()!;
        if (moved === row) continue;
        active[i] = moved;
        cache.copyRow(cache, active.length, i, moved.length);
      }
    }
    tell();
    return { completions, prefilled, generated };
  }

  /** Log-probability of each label as the next token at each position: [item][position][label]. */
  async score(task: ScoreTask): Promise<number[][][]> {
    const { vocabSize } = this.options.config;
    const order = task.items
      .map((_, i) => i)
      .sort((a, b) => task.items[a]!.tokens.length - task.items[b]!.tokens.length);
    const sorted = order.map((i) => task.items[i]!);
    const scores: number[][][] = [];
    for (let first = 0; first < sorted.length; ) {
      const end = prefillEnd(sorted, first);
      const { logits, at } = await this.logits(sorted.slice(first, end));
      at.forEach((rows, i) => {
        scores[order[first + i]!] = rows.map((row) => {
          const total = logTotal(logits, row * vocabSize, vocabSize);
          return task.labels.map((label) => logits[row * vocabSize + label]! - total);
        });
      });
      first = end;
    }
    return scores;
  }

  /** Runs whole sequences; gives their cache, and logits after each wanted position. */
  private async prefill(items: readonly Item[]): Promise<Picked & { cache: Cache }> {
    const { feeds, at, time } = this.sequenceFeeds(items);
    const outputs = await this.sequences.run(feeds);
    const cache = Cache.of(this.options.config, time, outputs);
    return { cache, logits: outputs.logits!.data as Float32Array, at };
  }

  /** Logits after each wanted position of whole sequences. */
  private async logits(items: readonly Item[]): Promise<Picked> {
    const { feeds, at } = this.sequenceFeeds(items);
    const outputs = await this.sequences.runFor(feeds, ['logits']);
    return { logits: outputs.logits!.data as Float32Array, at };
  }

  private sequenceFeeds(items: readonly Item[]) {
    const { config } = this.options;
    const time = items.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
    if (time > positionLimit(config)) {
      throw new EngineError(
        'length',
        `a sequence has ${time} tokens; the model has ${positionLimit(config)} positions`,
      );
    }
    const count = items.length;
    const tokens = new BigInt64Array(count * time);
    const picked = new Map<number, number>();
    const at = items.map((item, row) => {
      item.tokens.forEach((token, t) => {
        tokens[row * time + t] = BigInt(token);
      });
      return item.positions.map((position) => {
        if (!(position >= 0 && position < item.tokens.length)) {
          throw new EngineError(
            'position',
            `position ${position} is outside a sequence of ${item.tokens.length} tokens`,
          );
        }
        const flat = row * time + position;
        if (!picked.has(flat)) picked.set(flat, picked.size);
        return picked.get(flat)!;
      });
    });
    const feeds = {
      tokens: new Tensor('int64', tokens, [count, time]),
      last: new Tensor(
        'int32',
        Int32Array.from(items, (item) => item.tokens.length - 1),
        [count],
      ),
      total: new Tensor('int32', Int32Array.of(time), [1]),
      picked: new Tensor('int64', BigInt64Array.from(picked.keys(), BigInt), [picked.size]),
      ...(fixedPositions(config) < Infinity && angleFeeds(config, time, items)),
    };
    return { feeds, at, time };
  }
}

/** Angles of each row by its own length, one table after the other: row r's position t is at r * time + t. */
function angleFeeds(
  config: LlamaConfig,
  time: number,
  items: readonly { readonly tokens: readonly number[] }[],
): Record<string, Tensor> {
  const half = config.headSize / 2;
  const count = items.length * time;
  const cosine = new Float32Array(count * half);
  const sine = new Float32Array(count * half);
  items.forEach(({ tokens }, row) => {
    const angles = rotaryAngles(config, time, () => tokens.length);
    cosine.set(angles.cosine, row * time * half);
    sine.set(angles.sine, row * time * half);
  });
  return {
    cosine: new Tensor('float32', cosine, [count, half]),
    sine: new Tensor('float32', sine, [count, half]),
    angles: new Tensor(
      'int64',
      BigInt64Array.from({ length: count }, (_, i) => BigInt(i)),
      [items.length, time],
    ),
  };
}

/** The end of the run of sequences from `first` on that are computed together. */
function prefillEnd(
  items: readonly { readonly tokens: readonly number[] }[],
  first: number,
): number {
  let longest = 0;
  let end = first;
  while (end < items.length) {
    longest = Math.max(longest, items[end]!.tokens.length);
    if (end > first && longest * (end - first + 1) > PREFILL_POSITIONS) break;
    end++;
  }
  return end;
}

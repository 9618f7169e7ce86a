/**
 * Batched sampling and scoring with a key-value cache, in one thread.
 *
 * A context's keys and values are computed once for all samples that start from it or from any prefix of it, and so are
 * those of the tokens that samples have in common until they draw apart. Samples leave when they end and waiting ones take
 * their place. A task is computed in an order fixed by the task alone: the same task gives the same tokens in any thread
 * and after any restart.
 */
import { EngineError } from '../error.js';
import {
  type Frozen,
  type FrozenAdapter,
  fixedPositions,
  frozenValues,
  type LlamaConfig,
  positionLimit,
  sequenceGraph,
  stepGraph,
  storeOf,
  treeGraph,
} from '../llama/index.js';
import { type Provider, Session } from '../onnx/index.js';
import { Cache } from './cache.js';
import { Draws } from './draws.js';
import { type Predictions, predict } from './predictions.js';
import { type Branch, Rows } from './rows.js';
import { checkPositions, type Item, partEnd, Sequences, type WantedAt } from './sequences.js';
import type { Drawn, GenerateResult, GenerateTask, ScoreResult, ScoreTask } from './task.js';
import { Trees } from './trees.js';

export interface DecoderOptions {
  readonly config: LlamaConfig;
  readonly frozen: Frozen;
  /** Added to the modules as they are computed. */
  readonly adapter?: FrozenAdapter;
  /** Branches sampled at once. */
  readonly rows: number;
  /** Whether what scored sequences begin with alike is computed once. */
  readonly trees: boolean;
  readonly provider?: Provider | undefined;
}

/** Branches from the same place of a context that are not in the batch yet. */
interface Start {
  readonly length: number;
  readonly branches: Branch[];
  readonly cache: Cache;
  readonly from: number;
  readonly predictions: Predictions;
  /** The row there, and the draw of the first branch. */
  readonly row: number;
  draw: number;
}

/** What is scored, and its place in the task. */
type Placed = Item & { readonly place: number };

/** The weights as values of a graph, the factor on an adapter's, and where the graph is compiled. */
const given = ({ config, frozen, adapter, provider }: DecoderOptions) => ({
  weights: frozenValues(config, frozen, adapter),
  adapterScale: adapter && adapter.alpha / adapter.rank,
  session: { provider, store: storeOf(frozen) },
});

export class Decoder {
  private readonly config: LlamaConfig;
  /** Branches sampled at once. */
  private readonly capacity: number;
  private readonly sequences: Sequences;
  private readonly step: Session;
  /** Of the rows that are being sampled. */
  private readonly cache: Cache;

  private readonly options: DecoderOptions;
  /** Compiled when something is scored. */
  private trees: Promise<Trees> | undefined;

  private constructor(options: DecoderOptions, cache: Cache, sequences: Sequences, step: Session) {
    this.options = options;
    this.config = options.config;
    this.capacity = options.rows;
    this.sequences = sequences;
    this.step = step;
    this.cache = cache;
  }

  /** @param cache of the rows that are being sampled, from one task to the next; others may use it between tasks */
  static async open(
    options: DecoderOptions,
    cache = Cache.allocate(options.config, 0, 0),
  ): Promise<Decoder> {
    const { config, frozen } = options;
    const { weights, adapterScale, session } = given(options);
    // Products in 8 bits are faster by rows even where nothing is packed.
    const inColumns = frozen.file !== undefined && !frozen.eight;
    return new Decoder(
      options,
      cache,
      new Sequences(
        config,
        await Session.compile(sequenceGraph(config, weights, adapterScale), session),
      ),
      await Session.compile(stepGraph(config, weights, adapterScale, inColumns), session),
    );
  }

  async release(): Promise<void> {
    await Promise.all([this.sequences.release(), this.step.release()]);
    await (await this.trees)?.release();
  }

  private async compileTrees(): Promise<Trees> {
    const { weights, adapterScale, session } = given(this.options);
    const graph = treeGraph(this.config, weights, adapterScale);
    return new Trees(this.config, await Session.compile(graph, session));
  }

  /** `emit` is told of the tokens of each step as they are drawn. */
  async generate(task: GenerateTask, emit?: (drawn: Drawn[]) => void): Promise<GenerateResult> {
    if (!(task.temperature >= 0)) {
      throw new EngineError(
        'temperature',
        `expected a temperature of 0 or more, found ${task.temperature}`,
      );
    }
    // Where positions follow the length, a long context's keys are not those of its prefixes: each is computed alone.
    const fixed = fixedPositions(this.config);
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
    const { config, capacity } = this;
    const { contexts, maxTokens } = task;
    const items = contexts.map(({ tokens, branches }) => ({
      tokens,
      positions: branches.map(({ length }) => length - 1),
    }));
    const longest = contexts.reduce((most, { tokens }) => Math.max(most, tokens.length), 1);
    const most = positionLimit(config);
    const limit = Math.min(most, longest + maxTokens);
    if (longest >= most) {
      throw new EngineError(
        'length',
        `a context has ${longest} tokens; the model has ${most} positions`,
      );
    }
    const count = contexts.reduce((sum, { branches }) => sum + branches.length, 0);
    // As many branches at once as there is room for rows: they may all draw apart.
    const rows = new Rows(this.cache, Math.min(capacity, count), limit);
    const draws = new Draws(task, limit, emit);
    let prefilled = 0;
    let generated = 0;
    let nextContext = 0;
    let nextNumber = 0;
    let waiting: Start[] = [];

    /** Fills the room with waiting branches, computing further contexts as they are needed. */
    const admit = async (): Promise<void> => {
      while (rows.branches < capacity) {
        const start = waiting.at(-1);
        if (start) {
          const { length, branches, cache, from, predictions, row, draw } = start;
          const taken = branches.splice(0, capacity - rows.branches);
          start.draw += taken.length;
          if (branches.length === 0) waiting.pop();
          for (const group of draws.split(taken, length, predictions, row, draw)) {
            rows.add({ length, branches: group }, cache, from);
          }
          continue;
        }
        if (nextContext === contexts.length) return;
        const first = nextContext;
        nextContext = partEnd(items, first, config.vocabSize);
        const part = contexts.slice(first, nextContext);
        const whole = items.slice(first, nextContext);
        const starts = part.flatMap(({ branches }, from) => {
          const byLength = new Map<number, { index: number; branches: Branch[] }>();
          for (const [index, { length, seed }] of branches.entries()) {
            const start = byLength.get(length) ?? { index, branches: [] };
            const context = first + from;
            const number = nextNumber++;
            start.branches.push({ context, index, number, seed, tokens: [], logprobs: [] });
            byLength.set(length, start);
          }
          return [...byLength].map(([length, start]) => ({ length, from, ...start }));
        });
        if (starts.length === 0) continue;
        const { cache, predictions, at } = await this.sequences.prefill(whole, (at) =>
          draws.wanted(
            starts.flatMap(({ branches, from, index }) =>
              branches.map((branch) => ({ row: at[from]![index]!, branch })),
            ),
          ),
        );
        prefilled += part.reduce((sum, { tokens }) => sum + tokens.length, 0);
        let draw = 0;
        waiting = starts.map(({ length, branches, from, index }) => {
          const start = { length, branches, cache, from, predictions, row: at[from]![index]! };
          draw += branches.length;
          return { ...start, draw: draw - branches.length };
        });
        waiting.reverse();
      }
    };

    for (await admit(); rows.count > 0; await admit()) {
      draws.tell();
      const { outputs, predictions } = await predict(
        this.step,
        rows.feeds(),
        config.vocabSize,
        draws.wanted(rows.allBranches()),
        Cache.newOutputs(config),
      );
      generated += rows.count;
      let draw = 0;
      rows.advance(outputs, (branches, length, row) => {
        const groups = draws.split(branches, length, predictions, row, draw);
        draw += branches.length;
        return groups;
      });
    }
    draws.tell();
    return { completions: draws.completions, prefilled, generated };
  }

  /** Log-probability of each label, or of what follows, as the next token at each position: [item][position][label]. */
  async score({ items, labels }: ScoreTask): Promise<ScoreResult> {
    const { vocabSize } = this.config;
    for (const label of labels === 'next' ? [] : labels) {
      if (Number.isSafeInteger(label) && label >= 0 && label < vocabSize) continue;
      throw new EngineError(
        'label',
        `expected labels within the vocabulary of ${vocabSize} tokens, found ${label}`,
      );
    }
    for (const item of items) checkPositions(this.config, item, labels === 'next' ? 1 : 0);
    const scores: number[][][] = items.map(() => []);
    let computed = 0;
    /** The tokens whose log-probability is wanted at a position of an item. */
    const wantedAt = ({ tokens }: Item, position: number) =>
      labels === 'next' ? [tokens[position + 1]!] : labels;
    const wanted =
      (part: readonly Placed[]): WantedAt =>
      (at) => ({
        kind: 'scores',
        places: part.flatMap((item, i) =>
          item.positions.flatMap((position, k) =>
            wantedAt(item, position).map((token) => ({ row: at[i]![k]!, token })),
          ),
        ),
      });
    const read = (part: readonly Placed[], predictions: Predictions) => {
      let next = 0;
      for (const item of part) {
        scores[item.place] = item.positions.map((position) =>
          wantedAt(item, position).map(() => predictions.score(next++)),
        );
      }
    };
    // Where positions follow the length, sequences that begin alike are not computed alike.
    const most = this.options.trees ? fixedPositions(this.config) : 0;
    const asked = items
      .map((item, place) => ({ ...item, place }))
      .filter(({ positions }) => positions.length > 0);
    const [alike, apart] = [true, false].map((short) =>
      asked.filter(({ tokens }) => tokens.length <= most === short),
    ) as [Placed[], Placed[]];
    for (const { part, positions } of Trees.parts(alike, vocabSize)) {
      this.trees ??= this.compileTrees();
      read(part, await (await this.trees).predictions(part, wanted(part)));
      computed += positions;
    }
    apart.sort((a, b) => a.tokens.length - b.tokens.length);
    for (let first = 0; first < apart.length; ) {
      const end = partEnd(apart, first, vocabSize);
      const part = apart.slice(first, end);
      read(part, await this.sequences.predictions(part, wanted(part)));
      computed += part.reduce((sum, { tokens }) => sum + tokens.length, 0);
      first = end;
    }
    return { scores, computed };
  }
}

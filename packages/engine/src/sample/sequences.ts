/** Whole sequences run through the model: predictions after chosen positions, and their keys and values where wanted. */
import { EngineError } from '../error.js';
import { fixedPositions, type LlamaConfig, positionLimit, rotaryAngles } from '../llama/index.js';
import { type Session, Tensor } from '../onnx/index.js';
import { Cache } from './cache.js';
import { type Predictions, predict, type Wanted } from './predictions.js';

/** A sequence, and the positions after which predictions are wanted. */
export interface Item {
  readonly tokens: readonly number[];
  readonly positions: readonly number[];
}

/** Of items and positions the rows of predictions. */
export type Places = readonly (readonly number[])[];
/** What is wanted of rows, once it is known which these are. */
export type WantedAt = (at: Places) => Wanted;

/** Sequences computed at once have at most this many positions. */
export const MOST_POSITIONS = 2048;
/** And at most so many logits: of a large vocabulary those of 2048 positions are more than a gigabyte. */
const MOST_LOGITS = 2 ** 26;

/** Positions whose logits are computed at once. */
export const mostRows = (vocabSize: number): number =>
  Math.max(1, Math.floor(MOST_LOGITS / vocabSize));

export class Sequences {
  private readonly config: LlamaConfig;
  /** Of `sequenceGraph`. */
  private readonly session: Session;

  constructor(config: LlamaConfig, session: Session) {
    this.config = config;
    this.session = session;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  /** The cache of some sequences, and predictions: what is `wanted` of the rows at these places. */
  async prefill(
    items: readonly Item[],
    wanted: WantedAt,
  ): Promise<{ cache: Cache; predictions: Predictions; at: Places }> {
    const { outputs, time, ...picked } = await this.run(items, wanted, Cache.outputs(this.config));
    return { ...picked, cache: Cache.of(this.config, time, outputs) };
  }

  /** Predictions alone. */
  async predictions(items: readonly Item[], wanted: WantedAt): Promise<Predictions> {
    return (await this.run(items, wanted, [])).predictions;
  }

  private async run(items: readonly Item[], wanted: WantedAt, others: readonly string[]) {
    const { feeds, at, time } = this.feeds(items);
    const { vocabSize } = this.config;
    return { ...(await predict(this.session, feeds, vocabSize, wanted(at), others)), at, time };
  }

  private feeds(items: readonly Item[]) {
    const { config } = this;
    const time = items.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
    for (const item of items) checkPositions(config, item);
    const count = items.length;
    const tokens = new BigInt64Array(count * time);
    const picked = new Map<number, number>();
    const at = items.map((item, row) => {
      item.tokens.forEach((token, t) => {
        tokens[row * time + t] = BigInt(token);
      });
      return item.positions.map((position) => {
        const flat = row * time + position;
        const place = picked.get(flat) ?? picked.size;
        picked.set(flat, place);
        return place;
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

/** @throws EngineError `length` for a sequence that the model has no room for, `position` for a position outside of it */
export function checkPositions(config: LlamaConfig, { tokens, positions }: Item, after = 0): void {
  if (tokens.length > positionLimit(config)) {
    throw new EngineError(
      'length',
      `a sequence has ${tokens.length} tokens; the model has ${positionLimit(config)} positions`,
    );
  }
  for (const position of positions) {
    if (position >= 0 && position < tokens.length - after) continue;
    const last = after > 0 && position === tokens.length - 1;
    throw new EngineError(
      'position',
      `position ${position} ${last ? 'has nothing after it in' : 'is outside'} a sequence of ${tokens.length} tokens`,
    );
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
export function partEnd(items: readonly Item[], first: number, vocabSize: number): number {
  let longest = 0;
  let rows = 0;
  let end = first;
  while (end < items.length) {
    const { tokens, positions } = items[end]!;
    longest = Math.max(longest, tokens.length);
    rows += positions.length;
    const over = longest * (end - first + 1) > MOST_POSITIONS || rows > mostRows(vocabSize);
    if (end > first && over) break;
    end++;
  }
  return end;
}

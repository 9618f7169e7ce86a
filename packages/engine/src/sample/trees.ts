/** Sequences run through the model as trees: predictions after chosen positions, what they begin with alike computed once. */
import type { LlamaConfig } from '../llama/index.js';
import type { Session } from '../onnx/index.js';
import { compareSequences, filled, treeFeeds, treeOf } from '../tree/index.js';
import { type Predictions, predict } from './predictions.js';
import { type Item, MOST_POSITIONS, mostRows, type WantedAt } from './sequences.js';

export class Trees {
  private readonly config: LlamaConfig;
  /** Of `treeGraph`. */
  private readonly session: Session;

  constructor(config: LlamaConfig, session: Session) {
    this.config = config;
    this.session = session;
  }

  release(): Promise<void> {
    return this.session.release();
  }

  /** The order in which sequences are computed, in parts that are computed together. */
  static parts<I extends Item>(
    items: readonly I[],
    vocabSize: number,
  ): { part: I[]; positions: number }[] {
    const sorted = items.toSorted((a, b) => compareSequences(a.tokens, b.tokens));
    return filled(
      sorted.map(({ tokens }) => tokens),
      MOST_POSITIONS,
      { of: sorted.map(({ positions }) => positions.length), most: mostRows(vocabSize) },
    ).map(({ first, end, size }) => ({ part: sorted.slice(first, end), positions: size }));
  }

  /** Predictions after the positions of a part's items: what is `wanted` of the rows at these places. */
  async predictions(items: readonly Item[], wanted: WantedAt): Promise<Predictions> {
    const { tree, paths } = treeOf(items.map(({ tokens }) => tokens));
    const rows = items.map(({ positions }, i) => positions.map((position) => paths[i]![position]!));
    const picked = Int32Array.from(new Set(rows.flat())).sort();
    const place = new Map<number, number>();
    for (const row of picked) place.set(row, place.size);
    const at = rows.map((own) => own.map((row) => place.get(row)!));
    const feeds = treeFeeds(this.config, tree, picked, 'paths');
    const { vocabSize } = this.config;
    return (await predict(this.session, feeds, vocabSize, wanted(at))).predictions;
  }
}

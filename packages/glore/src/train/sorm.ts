/**
 * The SORM's training, where labels may be doubted (ours): a wrong prefix has now and then a rollout that reaches the answer
 * by luck, and where a first SORM disagrees with a positive label, it is mostly such a one.
 *
 *   first     the start, fine-tuned on the set for one epoch
 *   doubt     the positive labels of that same set which the first values below `doubt` are left out
 *   SORM      the first, fine-tuned on what is left for all epochs
 *
 * Where nothing is doubted, as in the paper, it is the start fine-tuned on the set.
 */
import { doubtedLabels, type RewardRecord, withLabels } from '../dataset/index.js';

/** What the training is made of; a model is whatever these make of it. */
export interface SormWork<Model> {
  /** `first` is one epoch, `last` are all. */
  readonly fineTune: (
    start: Model,
    records: readonly RewardRecord[],
    phase: 'first' | 'last',
  ) => Promise<Model>;
  /** A model's value of each line of each record. */
  readonly values: (model: Model, records: readonly RewardRecord[]) => Promise<number[][]>;
  /** Told which labels are doubted: a flag per label. */
  readonly onDoubt?: (doubted: readonly (readonly boolean[])[]) => Promise<void>;
}

/** @param doubt positive labels of lines that are valued below this are left out; 0 leaves all of them */
export async function trainSorm<Model>(
  start: Model,
  records: readonly RewardRecord[],
  doubt: number,
  { fineTune, values, onDoubt }: SormWork<Model>,
): Promise<Model> {
  if (doubt === 0) return fineTune(start, records, 'last');
  const first = await fineTune(start, records, 'first');
  const doubted = doubtedLabels(records, await values(first, records), doubt);
  await onDoubt?.(doubted);
  const left = withLabels(
    records,
    doubted.map((row) => row.map((flag) => !flag)),
  );
  return fineTune(first, left, 'last');
}

/** Records as training examples: what the model reads, and what is learned where. */
import { type Example, nextTokenExample } from '@glore/engine';
import type { Codec } from '../codec/index.js';
import type { GlobalRecord, LocalRecord, RewardRecord, StudentRecord } from './records.js';

const continued = (prompt: readonly number[], target: readonly number[]): Example =>
  nextTokenExample([...prompt, ...target], prompt.length);

export function studentExample(codec: Codec, record: StudentRecord): Example {
  return continued(codec.prompt(record.question), codec.solution(record));
}

/** At which tokens of its lines a reward record is learned from, besides their tags. */
export type EveryToken = 'outcome' | 'step';

/**
 * The label is the target at each line's tag. With `every` it is that of the line's tokens too, which together weigh as much
 * as their tag: an outcome is that of every token, as in Cobbe et al. 2021; a step's label that of its tokens where it is
 * positive, or the line before is wrong already, for within the first wrong line nothing says where it parts.
 */
export function rewardExample(codec: Codec, record: RewardRecord, every?: EveryToken): Example {
  const { question, labels } = record;
  const { tokens, tags } = codec.tagged(question, record);
  const targets = tokens.map(() => -1);
  const weights = tokens.map(() => 1);
  labels.forEach((label, i) => {
    if (label === null) return;
    const target = label ? codec.ids.plus : codec.ids.minus;
    const tag = tags[i]!;
    targets[tag] = target;
    const known = every === 'outcome' || label || labels[i - 1] === false;
    if (!every || !known) return;
    const start = i === 0 ? codec.prompt(question).length + 1 : tags[i - 1]! + 1;
    targets.fill(target, start, tag);
    weights.fill(1 / (tag - start), start, tag);
  });
  return every ? { tokens, targets, weights } : { tokens, targets };
}

export function globalExample(codec: Codec, { question, draft, target }: GlobalRecord): Example {
  return continued(codec.globalPrompt(question, draft), codec.solution(target));
}

export function localExample(
  codec: Codec,
  { question, draft, location, target }: LocalRecord,
): Example {
  return continued(
    codec.localPrompt(question, draft, location),
    codec.continuation(target, location),
  );
}

/** What a set of examples teaches, counted before training. */
export interface LossMask {
  readonly examples: number;
  readonly tokens: number;
  /** Positions with a target. */
  readonly targets: number;
  /** Examples and targets left out because they are longer than the model reads. */
  readonly lostExamples: number;
  readonly lostTargets: number;
  /** Targets that are the positive and the negative label. */
  readonly positive: number;
  readonly negative: number;
}

/** Leaves out what is too long for the model, whole, and counts what is learned and lost. */
export function maskReport<E extends Example>(
  codec: Codec,
  examples: readonly E[],
  maxPositions: number,
): { examples: E[]; mask: LossMask } {
  const targetsOf = ({ targets }: Example) => targets.filter((target) => target >= 0).length;
  const kept = examples.filter(({ tokens }) => tokens.length <= maxPositions);
  const lost = examples.filter(({ tokens }) => tokens.length > maxPositions);
  const count = (id: number) =>
    kept.reduce((sum, { targets }) => sum + targets.filter((target) => target === id).length, 0);
  return {
    examples: kept,
    mask: {
      examples: kept.length,
      tokens: kept.reduce((sum, { tokens }) => sum + tokens.length, 0),
      targets: kept.reduce((sum, example) => sum + targetsOf(example), 0),
      lostExamples: lost.length,
      lostTargets: lost.reduce((sum, example) => sum + targetsOf(example), 0),
      positive: count(codec.ids.plus),
      negative: count(codec.ids.minus),
    },
  };
}

/** The training sets of the two reward models. */
import { distinct } from '../codec/index.js';
import { balance, type LabelledSample } from '../label/index.js';
import { Random } from '../problem/index.js';
import { byKey, byProblem, type Sample, sampleKey } from '../rollout/index.js';
import type { RewardRecord } from './records.js';

/**
 * What an ORM's set has equally many of: right and wrong samples (`answer`, the paper's ORM), the same within each problem
 * that has both (`problem`), or also labels of each kind at each prefix length (`prefix`, the balanced ORM).
 */
export type OrmBalance = 'answer' | 'problem' | 'prefix';

/** ORM: every line of a sample carries the label of its final answer (dense). */
export function ormRecords(
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
  { balance, seed }: { readonly balance: OrmBalance; readonly seed: string },
): RewardRecord[] {
  const unique = [...byProblem(samples)].map(([problem, all]) => ({ problem, all: distinct(all) }));
  // Of one problem the rarer kind is repeated: right samples have few spellings. Over all there are enough of both.
  const chosen =
    balance === 'problem'
      ? unique.flatMap(({ problem, all }) => asMany(all, Math.max, new Random(seed, problem)))
      : asMany(
          unique.flatMap(({ all }) => all),
          Math.min,
          new Random(seed),
        );
  const records = chosen.map(({ problem, steps, answer, right: label }) => ({
    problem,
    question: questions.get(problem)!,
    steps,
    answer,
    labels: [...steps.map(() => label), ...(answer === null ? [] : [label])],
  }));
  return balance === 'prefix' ? balancedByPrefix(records, seed) : records;
}

/** Right and wrong samples in turn, as many of each as `count` makes of their numbers. */
function asMany(
  samples: readonly Sample[],
  count: (right: number, wrong: number) => number,
  random: Random,
): Sample[] {
  const [rights, wrongs] = [true, false].map((kind) =>
    random.shuffle(samples.filter(({ right }) => right === kind)),
  ) as [Sample[], Sample[]];
  if (rights.length === 0 || wrongs.length === 0) return [];
  return Array.from({ length: count(rights.length, wrongs.length) }, (_, i) => [
    rights[i % rights.length]!,
    wrongs[i % wrongs.length]!,
  ]).flat();
}

/**
 * Transform (c), of the SORM's set and of the balanced ORM's, which is between ORM and SORM: at each prefix length, and at
 * the answer line, as many positive as negative labels; the surplus is not learned from.
 */
export function balancedByPrefix(records: readonly RewardRecord[], seed: string): RewardRecord[] {
  const kept = balance(
    records.map(({ labels }) => labels.map((label) => label === true)),
    seed,
    (row, index) => (index < records[row]!.steps.length ? String(index) : 'answer'),
  );
  return withLabels(records, kept);
}

/** Records with the labels that are kept, without those of which nothing is left to learn; a flag per label. */
export function withLabels(
  records: readonly RewardRecord[],
  kept: readonly (readonly boolean[])[],
): RewardRecord[] {
  return records.flatMap((record, row) => {
    const labels = record.labels.map((label, index) => (kept[row]![index] ? label : null));
    return labels.some((label) => label !== null) ? [{ ...record, labels }] : [];
  });
}

/** SORM: the stepwise labels, those of the answer line with them; `balanced` applies transform (c). */
export function sormRecords(
  labelled: readonly LabelledSample[],
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
  options: { readonly balanced: boolean; readonly seed: string },
): RewardRecord[] {
  const named = byKey(samples);
  const records = labelled.flatMap(({ problem, sample, labels, answer: right }): RewardRecord[] => {
    const { steps, answer } = named.get(sampleKey(problem, sample))!;
    const lines = [...labels, ...(right === null ? [] : [right])];
    if (lines.length === 0) return [];
    return [{ problem, question: questions.get(problem)!, steps, answer, labels: lines }];
  });
  return options.balanced ? balancedByPrefix(records, options.seed) : records;
}

/**
 * Which labels a SORM doubts: positive ones of lines that it values below `doubt`. Where it disagrees with a rollout that
 * reached the answer, the rollout was mostly right by luck; where it disagrees with rollouts that all failed, it is mostly
 * wrong itself, so it does not doubt negative labels. Returns one flag per label.
 * @param values a value for each line of each record
 */
export const doubtedLabels = (
  records: readonly RewardRecord[],
  values: readonly (readonly number[])[],
  doubt: number,
): boolean[][] =>
  records.map(({ labels }, row) =>
    labels.map((label, index) => label === true && values[row]![index]! < doubt),
  );

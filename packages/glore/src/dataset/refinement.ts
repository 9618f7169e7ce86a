/** The training sets of the two refiners, cut from samples and rollouts without new sampling. */

import { distinct, firstErrorOf, type Solution, solutionIn } from '../codec/index.js';
import { editDistance } from '../distance.js';
import { type LabelledSample, usesPrefix } from '../label/index.js';
import { Random } from '../problem/index.js';
import { byProblem, type RolloutRecord, type Sample, sampleKey } from '../rollout/index.js';
import type { GlobalRecord, LocalRecord } from './records.js';

/**
 * Global pairs: each distinct wrong sample as draft, with the right sample of the same problem that is nearest to it.
 * Pairing with any of them teaches the refiner to ignore the draft (Snell et al. 2024); it is there to measure that.
 * @param kept right samples as drafts that are to stay as they are, for each of these pairs; the paper has none
 */
export function globalRecords(
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
  {
    pairing,
    seed,
    kept = 0,
  }: {
    readonly pairing: 'nearest' | 'random';
    readonly seed: string;
    readonly kept?: number | undefined;
  },
): GlobalRecord[] {
  const nearest = (draft: Sample, right: readonly Sample[]) =>
    right.reduce((best, next) => (distance(draft, next) < distance(draft, best) ? next : best));
  const any = ({ problem, index }: Sample, right: readonly Sample[]) =>
    new Random(seed, problem, index).pick(right);
  const targetOf = pairing === 'nearest' ? nearest : any;
  const recordOf = (draft: Sample, target: Sample): GlobalRecord => ({
    problem: draft.problem,
    question: questions.get(draft.problem)!,
    draft: solutionIn(draft),
    target: solutionIn(target),
  });
  const groups = [...byProblem(samples).values()].map((all) => ({
    right: distinct(all.filter((sample) => sample.right)),
    wrong: distinct(all.filter((sample) => !sample.right)),
  }));
  const pairs = groups.flatMap(({ right, wrong }) =>
    right.length === 0 ? [] : wrong.map((draft) => recordOf(draft, targetOf(draft, right))),
  );
  const drafts = new Random(seed, 'kept').shuffle(groups.flatMap(({ right }) => right));
  // Right samples have few spellings, so that one may come more than once.
  const staying = Math.min(Math.round(kept * pairs.length), drafts.length * MOST_KEPT);
  return [
    ...pairs,
    ...Array.from({ length: staying }, (_, i) => drafts[i % drafts.length]!).map((draft) =>
      recordOf(draft, draft),
    ),
  ];
}

/** How often one right draft may come among those that are to stay. */
const MOST_KEPT = 4;

/**
 * Local pairs at the flip E of a wrong sample. Drafts: the sample itself, and failing traces of `P_E` joined to it, which
 * contain the bad step too. Targets: verifying traces of `P_(E-1)`, from there on, that do not write the bad step again;
 * for E = 1 the right samples.
 * @param perSample most pairs cut from one sample
 * @param drafts `rollouts` leaves out the sample itself, as the paper's do
 */
export function localRecords(
  labelled: readonly LabelledSample[],
  rollouts: readonly RolloutRecord[],
  samples: readonly Sample[],
  questions: ReadonlyMap<string, string>,
  options: {
    readonly perSample: number;
    readonly seed: string;
    readonly drafts?: 'all' | 'rollouts' | undefined;
  },
): LocalRecord[] {
  const groups = byProblem(samples);
  const rolled = new Map(
    rollouts.map((record) => [sampleKey(record.problem, record.sample), record]),
  );
  return labelled.flatMap(({ problem, sample: index, labels }) => {
    const location = firstErrorOf(labels);
    const all = groups.get(problem) ?? [];
    const sample = all.find((candidate) => candidate.index === index);
    const record = rolled.get(sampleKey(problem, index));
    if (location < 0 || !sample || sample.right || !record) return [];
    const shared = sample.steps.slice(0, location - 1);
    const bad = sample.steps[location - 1];
    const targets = verifyingFrom(shared, record, all).filter(
      ({ steps }) => steps[location - 1] !== bad,
    );
    const drafts = distinct([
      ...(options.drafts === 'rollouts' ? [] : [solutionIn(sample)]),
      ...record.prefixes[location - 1]!.traces.filter((trace) => !trace.right).map((trace) => ({
        steps: [...sample.steps.slice(0, location), ...trace.steps],
        answer: trace.answer,
      })),
    ]);
    if (targets.length === 0 || drafts.length === 0) return [];
    const random = new Random(options.seed, problem, index);
    const chosen = [drafts[0]!, ...random.shuffle(drafts.slice(1))].slice(0, options.perSample);
    const order = random.shuffle(targets);
    return chosen.map((draft, i) => ({
      problem,
      question: questions.get(problem)!,
      draft,
      location,
      target: order[i % order.length]!,
    }));
  });
}

/** Whole verifying solutions that begin with the steps of `P_(E-1)`, each spelling once. */
function verifyingFrom(
  shared: readonly string[],
  record: RolloutRecord,
  samples: readonly Sample[],
): Solution[] {
  const traces = shared.length === 0 ? [] : (record.prefixes[shared.length - 1]?.traces ?? []);
  return distinct([
    ...traces
      .filter((trace) => trace.right && usesPrefix(shared, trace))
      .map((trace) => ({ steps: [...shared, ...trace.steps], answer: trace.answer })),
    ...samples
      .filter((other) => other.right && shared.every((step, i) => step === other.steps[i]))
      .map(solutionIn),
  ]);
}

/** Edit distance between two solutions, by lines; the answer is a line if there is one. */
export function distance(a: Solution, b: Solution): number {
  const [from, to] = [a, b].map(({ steps, answer }) => [
    ...steps,
    ...(answer === null ? [] : [`#### ${answer}`]),
  ]) as [string[], string[]];
  return editDistance(from, to);
}

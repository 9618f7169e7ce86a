/**
 * Expert Iteration, by which the student learns, as in GLoRe (Anthony et al. 2017):
 *
 *   student 0    the base, fine-tuned on worked solutions (SFT)
 *   round r      student r-1 samples solutions of problems; the correct and distinct ones join what is learned from
 *   student r    the base, not student r-1, fine-tuned on all of it
 *
 * Rounds may be of the same problems: solutions that an earlier one has found are not learned from twice. They may end early.
 */
import { correctRecords, questionsOf, type StudentRecord } from '../dataset/index.js';
import type { Problem } from '../problem/index.js';
import type { Sample } from '../rollout/index.js';

/** What a round is made of. A model is whatever these make of it; what they have done before they need not do again. */
export interface RoundWork<Model> {
  /** The base fine-tuned on records. Round 0 is SFT, and there may be nothing to learn from: then it is the base itself. */
  readonly fineTune: (
    base: Model,
    records: readonly StudentRecord[],
    round: number,
  ) => Promise<Model>;
  /** Solutions of a round's problems by the student of the round before. */
  readonly sample: (
    student: Model,
    problems: readonly Problem[],
    round: number,
  ) => Promise<readonly Sample[]>;
  /** Told of what a round has sampled, and of all that is learned from now. */
  readonly onRound?: (
    round: number,
    samples: readonly Sample[],
    records: readonly StudentRecord[],
  ) => Promise<void>;
  /** Whether the student of a round is the last one, though there are problems for further ones; never if left out. */
  readonly enough?: (student: Model, round: number) => Promise<boolean>;
}

/** The student of the last round. @param rounds the problems of each */
export async function expertIteration<Model>(
  base: Model,
  worked: readonly StudentRecord[],
  rounds: readonly (readonly Problem[])[],
  { fineTune, sample, onRound, enough = async () => false }: RoundWork<Model>,
): Promise<Model> {
  const all: (readonly Sample[])[] = [];
  const questions = questionsOf(rounds.flat());
  let student = await fineTune(base, worked, 0);
  let last = await enough(student, 0);
  for (const [i, problems] of rounds.entries()) {
    if (last) break;
    const round = i + 1;
    const samples = await sample(student, problems, round);
    all.push(samples);
    const records = [...worked, ...correctRecords(all.flat(), questions)];
    await onRound?.(round, samples, records);
    student = await fineTune(base, records, round);
    last = await enough(student, round);
  }
  return student;
}

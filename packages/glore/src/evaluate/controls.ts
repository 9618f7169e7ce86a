/** Makes the records of controls: refinements that know less of the draft than those they stand beside. */
import { type Codec, lineCount, solutionIn } from '../codec/index.js';
import type { Roles, Student } from '../model/index.js';
import { type Problem, Random } from '../problem/index.js';
import { localAt, outcome } from './attempt.js';
import { beamSearch } from './beam.js';
import {
  type BeamOutcome,
  type BeamSize,
  beamSizes,
  type ProblemAttempts,
  type ProblemControls,
  type ProblemRecords,
} from './records.js';

export interface ControlOptions {
  /** Of the random places and of what is sampled. */
  readonly seed: string;
  /** Of the lines of a beam search. */
  readonly temperature: number;
}

/** Most lines that a beam search writes. */
const LINES = 24;

/** A problem with its records, and the draft of another one. */
export interface Controlled extends Pick<ProblemRecords, 'attempts' | 'refinements'> {
  readonly problem: Problem;
  readonly other: ProblemAttempts['draft'];
}

/**
 * The controls of each problem.
 * @param models the roles, and the global refiner's weights in the student's
 */
export async function controls(
  models: Roles & { readonly plain: Student },
  codec: Codec,
  items: readonly Controlled[],
  { seed, ...beam }: ControlOptions,
): Promise<ProblemControls[]> {
  const questions = items.map(({ problem }) => problem.question);
  const blind = await models.global.refine(
    items.map(({ other }, i) => ({ question: questions[i]!, draft: other })),
  );
  const plain = await models.plain.draft(questions);
  const places = items.map((item) => placeIn(item, seed));
  const random = await localAt(
    models.local,
    items.map(({ problem }) => problem),
    items.map(({ attempts }) => attempts.draft),
    places,
  );
  const searched = models.student.writesLines
    ? await beamSearches(models, items, { seed, ...beam })
    : undefined;
  const likelihoods = await likelihoodsOf(models.student, items);
  return items.map(({ problem, refinements }, i) => {
    const prompt = codec.prompt(problem.question).length;
    return {
      problem: problem.id,
      globalBlind: outcome(problem, blind[i]!),
      globalPlain: outcome(problem, plain[i]!),
      localRandom: random[i]!,
      ...(searched && { beams: { 3: searched[3][i]!, 8: searched[8][i]! } }),
      ...(likelihoods && { likelihoods: likelihoods[i]! }),
      prompt,
      read: refinements.decision.candidates.map(
        ({ solution }) => codec.tagged(problem.question, solution).tokens.length - prompt,
      ),
    };
  });
}

/** How likely the student finds each of its samples and of the candidates; undefined where it does not say. */
async function likelihoodsOf(
  student: Student,
  items: readonly Controlled[],
): Promise<NonNullable<ProblemControls['likelihoods']>[] | undefined> {
  const asked = items.flatMap(({ problem: { question }, attempts, refinements }) =>
    [
      ...attempts.samples.map(solutionIn),
      ...refinements.decision.candidates.map(({ solution }) => solution),
    ].map((solution) => ({ question, solution })),
  );
  const found = await student.likelihoods(asked);
  if (!found) return undefined;
  const rest = [...found];
  return items.map(({ attempts, refinements }) => ({
    samples: rest.splice(0, attempts.samples.length),
    candidates: rest.splice(0, refinements.decision.candidates.length),
  }));
}

/** A beam search of each size. */
async function beamSearches(
  models: Pick<Roles, 'student' | 'sorm' | 'orm'>,
  items: readonly Controlled[],
  options: ControlOptions,
): Promise<Record<BeamSize, BeamOutcome[]>> {
  const of = (size: BeamSize) =>
    beamSearch(
      models,
      items.map(({ problem }) => problem),
      { ...options, ...beamSizes[size], seed: `${options.seed}/beam-${size}`, lines: LINES },
    );
  return { 3: await of(3), 8: await of(8) };
}

/** Any line of a draft in which the SORM sees an error; -1 where it sees none. */
function placeIn({ problem, attempts: { draft }, refinements }: Controlled, seed: string): number {
  if (refinements.decision.location < 1) return -1;
  return new Random(seed, problem.id, 'place').integer(1, lineCount(draft));
}

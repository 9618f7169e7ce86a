/**
 * The algorithm (GLoRe, section "Inference"): when, where, how, and the choice.
 *
 *   draft                      the student's greedy solution
 *   when   ORM(draft) < tau    `gate` asks before it refines; `rerank` refines every draft and leaves it to the choice
 *   where  E                   the first line of the draft that the SORM values below its threshold
 *   how    global              a new solution from question and draft
 *          local               the draft up to E, and a continuation from there
 *   rerank                     the candidate that the ORM values highest; the draft where candidates are equal. With the
 *                              chooser `both` (ours) the SORM's least value of its lines counts as much
 *   vote                       (the control) no critic and no refiner: the answer that most samples give, see vote.ts
 */
import { type Solution, spellingOf } from '../codec/index.js';
import type { Draft, Generated, RewardModel, Roles } from '../model/index.js';
import type { Candidate, Decision, RefineEvent, Source, Written } from './decision.js';
import { leastOf } from './least.js';
import { vote } from './vote.js';
import { locateFirstError } from './where.js';

export interface RefineOptions {
  readonly mode: 'rerank' | 'gate' | 'vote';
  /** A line is wrong where the SORM's value is below this. */
  readonly threshold: number;
  /** Who chooses: the ORM alone, as in the paper and if left out, or both critics. */
  readonly chooser?: Chooser;
  /** `gate`: a draft that the ORM values at least this much is kept as it is. */
  readonly tau: number;
  /** `vote`: solutions that vote, the draft among them; 3 if left out. */
  readonly samples?: number;
  /** `vote`: whether two answers are the same; as numbers, units and texts are compared elsewhere if left out. */
  readonly same?: (a: string, b: string) => boolean;
  /**
   * Samples the refinements, with a seed for each question; greedy ones if left out. Votes are sampled, at temperature 0.7 if
   * this is left out.
   */
  readonly sampling?: { readonly temperature: number; readonly seeds: readonly number[] };
  /** Told of each question's way as soon as it is known. */
  readonly observe?: (event: RefineEvent) => void;
  /** Told of drafts and refinements while they are written; the text may begin anew. It must not throw. */
  readonly hear?: ((written: Written) => void) | undefined;
}

export type Chooser = 'orm' | 'both';

/** Solutions that vote, where nothing is said. */
export const usualSamples = 8;
/** Of votes, and over a server of refinements from the second round on, where nothing is said. */
export const usualTemperature = 0.7;

/** A tau that no value reaches: a gate or a stop rule at this lets everything be refined. */
export const REFINE_ALL = 1.01;

/** Refines drafts of questions (by default the student's greedy ones), all in batches. */
export async function refine(
  questions: readonly string[],
  roles: Roles,
  options: RefineOptions,
  drafts?: readonly Generated[],
): Promise<Decision[]> {
  const { temperature, seeds } = options.sampling ?? { temperature: 0, seeds: [] };
  const asked = questions.map((question, index) => ({ question, index, seed: seeds[index] ?? 0 }));
  const { hear } = options;
  const heard = (source: Written['source'], among: readonly { readonly index: number }[]) =>
    hear && ((i: number, text: string) => hear({ index: among[i]!.index, source, text }));
  const started = drafts ?? (await roles.student.draft(questions, heard('draft', asked)));
  const items = asked.map((one) => ({ ...one, draft: started[one.index]! }));
  const observe = options.observe ?? (() => {});
  if (options.mode === 'vote') {
    return vote(questions, roles.student, started, {
      samples: options.samples ?? usualSamples,
      temperature: temperature || usualTemperature,
      seed: (index) => seeds[index] ?? 0,
      same: options.same,
      observe,
    });
  }
  const second = options.chooser === 'both' ? roles.sorm : undefined;

  // When
  const kept = await candidates('draft', items, started, roles.orm, observe);
  const refined = items.filter(
    ({ index }) => options.mode === 'rerank' || kept[index]!.score < options.tau,
  );

  // Where
  const located = await locate(refined, roles.sorm, options.threshold);
  for (const { index, values, location } of located) {
    observe({ stage: 'where', index, values, location });
  }

  // How
  const global = await candidates(
    'global',
    refined,
    await roles.global.refine(refined, temperature, heard('global', refined)),
    roles.orm,
    observe,
    second,
  );
  const marked = located.filter(({ location }) => location > 0);
  const local = await candidates(
    'local',
    marked,
    await roles.local.refine(marked, temperature, heard('local', marked)),
    roles.orm,
    observe,
    second,
  );

  // Rerank
  const globalOf = new Map(refined.map(({ index }, i) => [index, global[i]!]));
  const localOf = new Map(marked.map(({ index }, i) => [index, local[i]!]));
  const whereOf = new Map(
    located.map(({ index, values, location }) => [index, { values, location }]),
  );
  return items.map((_, i) => {
    const { values, location } = whereOf.get(i) ?? { values: [], location: -1 };
    const draft = second && values.length > 0 ? { ...kept[i]!, least: leastOf(values) } : kept[i]!;
    const all = [draft, globalOf.get(i), localOf.get(i)].filter(
      (candidate) => candidate !== undefined,
    );
    const choice = best(all, options.chooser);
    observe({ stage: 'choice', index: i, choice });
    return { values, location, candidates: all, choice };
  });
}

/** Drafts with the SORM's value of each line and their first wrong line E, 1-based; -1 where it finds none. */
export async function locate<T extends { readonly question: string; readonly draft: Draft }>(
  items: readonly T[],
  sorm: RewardModel,
  threshold: number,
): Promise<(T & { readonly values: readonly number[]; readonly location: number })[]> {
  const values = await sorm.values(
    items.map(({ question, draft }) => ({ question, solution: draft })),
  );
  return items.map((item, i) => ({
    ...item,
    values: values[i]!,
    location: locateFirstError(values[i]!, threshold),
  }));
}

/** Solutions as candidates, with the ORM's value of each and, if the SORM takes part in the choice, its own. */
async function candidates(
  source: Source,
  items: readonly { readonly question: string; readonly index: number }[],
  solutions: readonly Generated[],
  orm: RewardModel,
  observe: (event: RefineEvent) => void,
  sorm?: RewardModel,
): Promise<Candidate[]> {
  const written = items.map(({ question }, i) => ({ question, solution: solutions[i]! }));
  const values = await orm.values(written);
  const lines = await sorm?.values(written);
  return solutions.map(({ steps, answer, tokens, original }, i) => {
    const solution = { steps, answer };
    const score = finalScore(solution, values[i]!);
    const candidate = {
      source,
      solution,
      score,
      tokens,
      ...(original && { original }),
      ...(lines && { least: leastOf(lines[i]!) }),
    };
    observe({ stage: source, index: items[i]!.index, candidate });
    return candidate;
  });
}

/** What candidates are compared by: the ORM's value, or the log-odds of both critics' values added up. */
export function worth(
  { score, least = 1 }: Pick<Candidate, 'score' | 'least'>,
  chooser: Chooser = 'orm',
): number {
  return chooser === 'orm' ? score : logOdds(score) + logOdds(least);
}

/** Finite for 0 and 1 too. */
const logOdds = (value: number): number => Math.log(value + 1e-9) - Math.log(1 - value + 1e-9);

/** The ORM's value of a whole solution is that of its answer line; one without an answer cannot be right. */
export function finalScore(solution: Solution, values: readonly number[]): number {
  return solution.answer === null ? 0 : values.at(-1)!;
}

/**
 * The index of the candidate that is worth most. Of candidates with the same text only the first counts: the values that a
 * server gives one text twice may differ by a rounding.
 */
function best(all: readonly Candidate[], chooser?: Chooser): number {
  const first = new Map<string, number>();
  for (const [i, { solution }] of all.entries()) {
    const spelling = spellingOf(solution);
    if (!first.has(spelling)) first.set(spelling, i);
  }
  const places = [...first.values()];
  const scores = places.map((place) => worth(all[place]!, chooser));
  return places[scores.indexOf(Math.max(...scores))]!;
}
